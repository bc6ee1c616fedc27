using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using Banking.SharedKernel;
using CsCheck;

namespace Banking.Accounts.Tests;

/// <summary>
/// One command to try. Its amount depends on the state at that time, so that limits are met exactly and missed by one.
/// </summary>
internal sealed record Step(string Command, int Account, int Other, string Amount, FreezeScope Scope, int DaysAgo, int Minutes);

/// <summary>The result of a step.</summary>
internal sealed record Tried(
    Step Step,
    IReadOnlyDictionary<Guid, Account> Before,
    Func<Decision> Again,
    Decision Decision,
    IReadOnlyDictionary<Guid, Account> After);

/// <summary>A logged event of one account.</summary>
internal sealed record Logged(Guid Account, object Data, DateTimeOffset RecordedAt);

/// <summary>
/// Four accounts, three of them in one currency and one near the largest balance, that execute random commands with the real decisions and
/// the real fold.
/// </summary>
internal sealed class RandomBank
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<Guid, Account> _accounts = [];
    private int _ids;

    private RandomBank()
    {
        foreach (var (currency, n) in new[] { ("EUR", 1), ("EUR", 2), ("JPY", 3), ("EUR", 4) })
        {
            var number = AccountNumber.Create("XB", $"RANDOM{n:D10}");
            Log(Id(n), new AccountOpened(number, Id(90), "current", Money.Zero(Currency.Parse(currency)), Now.AddDays(-400)));
            Log(Id(n), new DelegateAuthorized(Id(90 + n), Now.AddDays(-400)));
        }

        // No single command can book this amount, but an imported account may hold it.
        Log(
            Id(4),
            new MoneyDeposited(
                new(Guards.MaxBalance - Guards.MaxAmount, Currency.Parse("EUR")), BankSide.Suspense, Now.AddDays(-400)));
    }

    public static Gen<Step[]> Steps { get; } =
        Gen.Select(
            Gen.Frequency<string>(
                (5, Gen.OneOf("deposit", "withdraw", "transfer")), (1, Gen.OneOf("freeze", "unfreeze", "limit", "close"))),
            Gen.Int[1, 4],
            Gen.Int[1, 4],
            Gen.OneOf("one", "some", "half", "all", "one too many", "the most", "foreign"),
            Gen.Enum<FreezeScope>(),
            Gen.Int[-1, 33].Select(days => days is > 12 and < 31 ? 0 : days),
            Gen.Int[0, 600],
            (command, account, other, amount, scope, daysAgo, minutes) => new Step(command, account, other, amount, scope, daysAgo, minutes)
        ).Array[0, 40];

    public DateTimeOffset Now { get; private set; } = Start;

    public List<Logged> History { get; } = [];

    public IReadOnlyDictionary<Guid, Account> Accounts => _accounts;

    public static (RandomBank Bank, IReadOnlyList<Tried> Tried) Live(IEnumerable<Step> steps)
    {
        var bank = new RandomBank();
        return (bank, [.. steps.Select(bank.Try)]);
    }

    public static Account Fold(IEnumerable<Logged> events, Account? from = null) =>
        events.Aggregate(from, (state, e) => Account.Fold(state, e.Account, e.Data, e.RecordedAt))!;

    private Tried Try(Step step)
    {
        Now = Now.AddMinutes(step.Minutes);
        var (account, other) = (WithTimeline(Id(step.Account)), WithTimeline(Id(step.Other)));
        var ids = new NewIds(Id(1000 + ++_ids), Id(1000 + ++_ids));
        var (amount, effectiveAt) = (Amount(step.Amount, account), step.DaysAgo == 0 ? (DateTimeOffset?)null : Now.AddDays(-step.DaysAgo));
        Func<Decision> decide = step.Command switch
        {
            "deposit" => Of(
                DepositMoneyHandler.Definition, new("k", "a", amount, BankSide.Cash, effectiveAt, Reason: "random"), ids, account),
            "withdraw" => Of(
                WithdrawMoneyHandler.Definition, new("k", "a", amount, BankSide.Cash, effectiveAt, Reason: "random"), ids, account),
            "transfer" => Of(
                TransferMoneyHandler.Definition, new("k", "a", "b", amount, effectiveAt, Reason: "random"), ids, account, other),
            "freeze" => Of(FreezeAccountHandler.Definition, new("k", "a", step.Scope, "code", "reason"), ids, account),
            "unfreeze" => Of(UnfreezeAccountHandler.Definition, new("k", "a", step.Scope, "code", "reason"), ids, account),
            "limit" => Of(ChangeOverdraftLimitHandler.Definition, new("k", "a", amount.ToDecimalString(), "code", "reason"), ids, account),
            _ => Of(CloseAccountHandler.Definition, new("k", "a", "code", "reason"), ids, account),
        };
        var before = _accounts.ToDictionary();
        var decision = decide();
        foreach (var e in decision is Decision.Accepted accepted ? accepted.Events : [])
        {
            Log(e.StreamId, e.Data);
        }

        return new(step, before, decide, decision, _accounts.ToDictionary());
    }

    /// <summary>Validates and then decides, as every command does.</summary>
    private Func<Decision> Of<TCommand>(CommandDefinition<TCommand> definition, TCommand command, NewIds ids, params Account[] accounts)
    {
        var now = Now;
        return () =>
            definition.Shape.Check(command) is { } malformed
                ? new Decision.Rejected(malformed)
                : definition.Decide(command, accounts, ids, now, BackdatingRule.Default);
    }

    private Account WithTimeline(Guid id) =>
        _accounts[id] with
        {
            Timeline = AccountTimeline.Of(DateTimeOffset.MinValue, History.Where(e => e.Account == id).Select(e => e.Data)),
        };

    private static Money Amount(string amount, Account account) => amount switch
    {
        "one" => new(1, account.Currency),
        "some" => new(12_345, account.Currency),
        "half" => new(account.Available.Minor / 2, account.Currency),
        "all" => account.Available,
        "one too many" => new(account.Available.Minor + 1, account.Currency),
        "the most" => new(Guards.MaxAmount, account.Currency),
        _ => new(1, Currency.Parse("KWD")),
    };

    private void Log(Guid id, object data)
    {
        History.Add(new(id, data, Now));
        _accounts[id] = Account.Fold(_accounts.GetValueOrDefault(id), id, data, Now);
    }

    private static Guid Id(int n) => new(n, 0, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 0);
}
