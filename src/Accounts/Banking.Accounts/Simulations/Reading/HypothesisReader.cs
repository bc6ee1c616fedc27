using System.Globalization;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Accounts.Simulations.Replay;
using Banking.Accounts.Simulations.Views;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Web.Http;
using JasperFx.Events;

namespace Banking.Accounts.Simulations.Reading;

/// <summary>Makes the hypothesis of a request: finds what it is about, and refuses what does not fit that.</summary>
/// <param name="events">The events that the request names, by id.</param>
/// <param name="refusals">The refusals that the request names, by id.</param>
/// <param name="accounts">The accounts that the request names.</param>
/// <param name="currencies">The accounts of the simulation, with their currencies.</param>
/// <param name="concernsInside">Whether an event, or another of its command, is of an account of the simulation.</param>
/// <param name="now">The time of the snapshot.</param>
internal sealed class HypothesisReader(
    SimulationRequest request, IReadOnlyDictionary<Guid, IEvent> events, IReadOnlyDictionary<Guid, RecordedRefusal> refusals,
    IReadOnlyDictionary<string, Guid> accounts, IReadOnlyDictionary<Guid, string> currencies, Func<IEvent, bool> concernsInside,
    DateTimeOffset now)
{
    private static readonly string[] Prefixes =
        ["evt", MovementId.Deposit, MovementId.Withdrawal, MovementId.Transfer, TransactionId.Correction, RefusalId.Prefix];

    private readonly HashSet<Guid> _omitted = [];
    private readonly Dictionary<Guid, ChangedValues> _changed = [];
    private readonly List<Insertion> _inserted = [];

    /// <summary>The id in the text, and its prefix; null if it is none that a change can name.</summary>
    public static (string Prefix, Guid Id)? Parse(string text)
    {
        foreach (var prefix in Prefixes)
        {
            if (PublicId.TryParse(prefix, text, out var id))
            {
                return (prefix, id);
            }
        }

        return null;
    }

    public (Hypothesis? Hypothesis, Refusal? Problem) Read()
    {
        if (request.From > now)
        {
            return (null, Unfit("from must not be in the future.", "#/from"));
        }

        var (limit, problem) = request.OverdraftLimit is { } amount ? ReadAmount(amount, "/overdraftLimit", true) : (default, null);
        problem ??= request.OverdraftLimit is not null && currencies.Values.Any(c => c != limit.Currency.Code)
            ? Unfit("The limit must be in the currency of all accounts.", "#/overdraftLimit/currency") : null;
        foreach (var (i, change) in (request.Changes ?? []).Index())
        {
            problem ??= Add(change, string.Create(CultureInfo.InvariantCulture, $"#/changes/{i}"));
        }

        return problem is not null ? (null, problem) : (
            new()
            {
                Omitted = _omitted,
                Changed = _changed,
                Inserted = _inserted,
                Limit = request.OverdraftLimit is null ? null : limit,
                LimitFrom = request.From,
            },
            null);
    }

    private Refusal? Add(SimulatedChange change, string pointer) => change switch
    {
        { Omit: { } id, Change: null, Insert: null, Amount: null, EffectiveAt: null } => Omit(id, pointer),
        { Omit: null, Change: { } id, Insert: null } and not { Amount: null, EffectiveAt: null } => Change(id, change, pointer),
        { Omit: null, Change: null, Insert: { } insertion, Amount: null, EffectiveAt: null } => Insert(insertion, pointer),
        _ => Unfit("It has exactly one of omit, change and insert; amount and effectiveAt belong to change, which needs one.", pointer),
    };

    private Refusal? Omit(string id, string pointer)
    {
        var (key, e, _, problem) = Find(id, pointer + "/omit");
        return problem
            ?? (e?.Data is AccountOpened or DelegateAuthorized or AccountCarriedForward
                ? Unfit("Openings, delegates and carried states must stay.", pointer + "/omit")
                : null)
            ?? (_omitted.Add(key) && !_changed.ContainsKey(key) ? null : Twice(pointer));
    }

    private Refusal? Change(string id, SimulatedChange change, string pointer)
    {
        var (key, e, refused, problem) = Find(id, pointer + "/change");
        if (problem is not null)
        {
            return problem;
        }

        if (refused is not null && Unchangeable(RefusalFacts.Of(refused)) is { } why)
        {
            return Unfit(why, pointer + "/change");
        }

        var isLimit = e?.Data is OverdraftLimitSet;
        if (!(isLimit ? change.EffectiveAt is null : e is not null
            ? ChangedEvents.IsMovement(e.Data)
            : refused!.Command is { } command && CommandsOfRefusals.IsMovement(command)))
        {
            return Unfit("Only deposits, withdrawals and transfers can be changed, and the amount of a limit.", pointer + "/change");
        }

        if (isLimit && request.OverdraftLimit is not null)
        {
            return Unfit("overdraftLimit replaces all limits, this one too.", pointer + "/change");
        }

        var (amount, invalid) = change.Amount is { } given ? ReadAmount(given, pointer[1..] + "/amount", isLimit) : (default, null);
        var currency = ((e?.Data as IMovement)?.Amount ?? (e?.Data as OverdraftLimitSet)?.Limit)?.Currency;
        return invalid
            ?? (change.Amount is not null && currency is { } own && own != amount.Currency
                ? Unfit($"The amount must be in {own.Code}.", pointer + "/amount") : null)
            ?? (change.EffectiveAt > (e?.Timestamp ?? refused!.RecordedAt)
                ? Unfit("effectiveAt must not be later than the time of recording.", pointer + "/effectiveAt") : null)
            ?? CheckTime(change.EffectiveAt, pointer)
            ?? (!_omitted.Contains(key) && _changed.TryAdd(
                key, new(change.Amount is null ? null : amount, change.EffectiveAt?.CutToMicroseconds())) ? null : Twice(pointer));
    }

    /// <summary>Why a refused command cannot have other values: it would be refused whatever they are.</summary>
    private string? Unchangeable(RefusalFacts facts) =>
        facts.IsOfBatch ? "The command was refused because of others of its batch, which are not stored."
        : facts.Account is { } refusing && !currencies.ContainsKey(refusing) ? "An account outside of the simulation refused the command."
        : null;

    private (Guid Key, IEvent? Event, RecordedRefusal? Refused, Refusal? Problem) Find(string text, string pointer)
    {
        if (Parse(text) is var (prefix, id))
        {
            if (prefix == RefusalId.Prefix && refusals.TryGetValue(id, out var refused)
                && (currencies.ContainsKey(refused.StreamId)
                    || (RefusalFacts.Of(refused).Account is { } refusing && currencies.ContainsKey(refusing))))
            {
                return (id, null, refused, refused.RecordedAt < request.From ? TooEarly(pointer) : null);
            }

            if (events.TryGetValue(id, out var e) && e.Data is IAccountEvent && concernsInside(e)
                && (prefix == "evt" || EventRoles.PublicIdOf(e) == text))
            {
                return (e.CommandId(), e, null, e.Timestamp < request.From ? TooEarly(pointer) : null);
            }
        }

        return (default, null, null, Refusal.RuleBroken(
            "simulated_event_not_found", "The accounts of the simulation have no such event or refused command.",
            ("id", PlainText.Problem(text, 100) is null ? text : "?")) with
        { Pointer = pointer });
    }

    private Refusal? Insert(SimulatedInsertion insertion, string pointer)
    {
        pointer += "/insert";
        var (command, problem) = new InsertionReader(insertion, pointer, accounts).Read();
        problem ??= CheckTime(insertion.EffectiveAt, pointer)
            ?? (insertion.At > now || insertion.At < request.From ? Unfit("at must be between from and now.", pointer + "/at") : null)
            ?? (insertion.EffectiveAt > insertion.At ? Unfit("effectiveAt must not be later than at.", pointer + "/effectiveAt") : null)
            ?? (insertion.Kind == SimulatedCommandKind.OverdraftLimit && request.OverdraftLimit is not null
                ? Unfit("overdraftLimit replaces all limits, this one too.", pointer + "/kind") : null)
            ?? (insertion.Kind == SimulatedCommandKind.OverdraftLimit && currencies.GetValueOrDefault(command!.Accounts[0]) is { } own
                && own != insertion.Amount!.Currency ? Unfit($"The limit must be in {own}.", pointer + "/amount/currency") : null)
            ?? (command!.Accounts.Any(currencies.ContainsKey)
                ? null : Unfit("No account of it is in the simulation.", pointer + "/accountId"));
        if (problem is null)
        {
            _inserted.Add(new(
                DeterministicId.From(Guid.Empty, pointer), pointer[..^"/insert".Length], command!,
                insertion.At.CutToMicroseconds().ToUniversalTime(), insertion.IsBooked));
        }

        return problem;
    }

    internal static (Money Amount, Refusal? Problem) ReadAmount(Amount amount, string pointer, bool zeroAllowed)
    {
        var (money, problem) = amount.Read(pointer, zeroAllowed);
        return (money, problem ?? (money.Minor > Guards.MaxAmount
            ? Refusal.Invalid("invalid_amount", "The amount exceeds the largest amount of this bank.", $"#{pointer}/value") : null));
    }

    internal static Refusal Unfit(string why, string pointer) => Refusal.Invalid("simulation_change_unfit", why, pointer);

    private static Refusal? CheckTime(DateTimeOffset? effectiveAt, string pointer) =>
        CommandValidation.CheckEffectiveAt(effectiveAt) is { } invalid ? invalid with { Pointer = pointer + "/effectiveAt" } : null;

    private static Refusal TooEarly(string pointer) => Unfit("The change names what was recorded before the time in from.", pointer);

    private static Refusal Twice(string pointer) => Unfit("Another change names the same transaction, event or refusal.", pointer);
}
