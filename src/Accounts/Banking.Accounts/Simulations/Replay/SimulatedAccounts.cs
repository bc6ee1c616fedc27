using System.Collections.Immutable;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.SharedKernel;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>The accounts of a simulation, and the decisions on them. An account outside is taken as given: it accepts everything.</summary>
internal sealed class SimulatedAccounts(IEnumerable<Guid> accounts)
{
    private readonly Dictionary<Guid, SimulatedAccount> _inside = accounts.ToDictionary(id => id, id => new SimulatedAccount(id));
    private readonly Dictionary<AccountNumber, Guid> _numbers = [];
    private readonly SortedDictionary<string, Guid> _outside = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, string> _unknown = [];

    public IReadOnlyCollection<SimulatedAccount> Inside => _inside.Values;

    /// <summary>The accounts that decisions took as given: public ids, or numbers of accounts that the simulation does not know.</summary>
    public IReadOnlyCollection<string> Outside => _outside.Keys;

    /// <summary>The number of decisions.</summary>
    public long Decisions { get; private set; }

    public SimulatedAccount this[Guid id] => _inside[id];

    public SimulatedAccount? Find(Guid? id) => id is { } known ? _inside.GetValueOrDefault(known) : null;

    public IEnumerable<SimulatedAccount> Find(IEnumerable<Guid> ids) => ids.Select(id => Find(id)).OfType<SimulatedAccount>();

    /// <summary>Makes an account known by its number.</summary>
    public void AddNumber(AccountNumber number, Guid account) => _numbers[number] = account;

    /// <summary>The account of a public id or a number.</summary>
    public Guid Resolve(string account)
    {
        if (PublicId.TryParse(AccountId.Prefix, account, out var id)
            || (AccountNumber.TryParseStored(account, out var number) && _numbers.TryGetValue(number, out id)))
        {
            return id;
        }

        id = DeterministicId.From(Guid.Empty, account);
        _unknown[id] = account;
        return id;
    }

    /// <summary>The public id of an account, or the number by which a command names one that the simulation does not know.</summary>
    public string Name(Guid account) => _unknown.GetValueOrDefault(account) ?? AccountId.Format(account);

    /// <param name="id">The id of the transaction.</param>
    /// <param name="rule">How far back a command may claim its effective time.</param>
    /// <param name="isFact">Whether all accounts accept everything.</param>
    /// <returns>The events, or why there are none.</returns>
    public (IReadOnlyList<NewEvent> Events, Refusal? Refusal) Decide(
        SimulatedCommand command, Guid id, DateTimeOffset now, BackdatingRule rule, bool isFact = false)
    {
        Decisions++;
        var currency = command.Amount?.Currency ?? Find(command.Accounts[0])!.Simulated?.Currency ?? default;
        var states = new Account[command.Accounts.Count];
        for (var i = 0; i < states.Length; i++)
        {
            var account = Find(command.Accounts[i]);
            if (account is null)
            {
                _outside[Name(command.Accounts[i])] = command.Accounts[i];
            }
            else if (account.Simulated is null)
            {
                return ([], Visibility.NotFound(AccountId.Format(account.Id)));
            }

            var state = isFact ? null : account?.ForDecision(command.TimelineFrom(i));
            states[i] = state ?? Given(command.Accounts[i], account?.Simulated, currency);
            now = state is not null && state.RecordedAt > now ? state.RecordedAt : now;
        }

        return command.Decide(states, id, now, rule) switch
        {
            Decision.Accepted accepted => (accepted.Events, null),
            Decision.Refused refused => ([], refused.Refusal),
            Decision.Rejected rejected => ([], rejected.Refusal),
            var other => throw new InvalidOperationException($"{other.GetType().Name} is no decision."),
        };
    }

    /// <summary>An account that accepts every movement: open since ever, not frozen, with half of the largest balance.</summary>
    private static Account Given(Guid id, Account? known, Currency currency) => new(
        id, 0, DateTimeOffset.MinValue, known?.Number ?? default, Guid.Empty, [], "", AccountStatus.Open,
        new(Guards.MaxBalance / 2, known?.Currency ?? currency), Money.Zero(known?.Currency ?? currency), false, false,
        DateTimeOffset.MinValue, null)
    {
        Timeline = AccountTimeline.Of(DateTimeOffset.MinValue, ImmutableArray<object>.Empty),
    };
}
