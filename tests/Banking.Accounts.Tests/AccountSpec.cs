using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Accounts.Tests;

/// <summary>
/// Given a history, when a command is decided, then these events or this refusal follow. Instants and ids are fixed.
/// </summary>
internal sealed class AccountSpec(Account account)
{
    public static readonly DateTimeOffset Now = new(2026, 11, 17, 15, 0, 0, TimeSpan.Zero);
    public static readonly Guid Id = new("01930000-0000-7000-8000-00000000000a");
    public static readonly Guid PayeeId = new("01930000-0000-7000-8000-00000000000b");
    public static readonly Guid OwnerId = new("01930000-0000-7000-8000-00000000000c");
    public static readonly Guid EventId = new("01930000-0000-7000-8000-0000000000e1");
    public static readonly Guid OtherEventId = new("01930000-0000-7000-8000-0000000000e2");
    public static readonly AccountNumber Number = AccountNumber.Create("XB", "SPEC000000000001");
    public static readonly AccountNumber PayeeNumber = AccountNumber.Create("XB", "SPEC000000000002");
    public static readonly string PublicAccountId = PublicId.Format("acc", Id);

    public static readonly DateTimeOffset OpenedAt = Now.AddDays(-30);
    public static readonly AccountClosed Closed = new(OpenedAt);

    public static AccountSpec Given(params IEnumerable<IAccountEvent> history) => new(FoldWithTimeline(Id, history));

    public static Account Fold(Guid id, params IEnumerable<IAccountEvent> history) =>
        history.Aggregate((Account?)null, (state, e) => Account.Fold(state, id, e, OpenedAt))!;

    /// <summary>An account as a backdated command sees it, with its timeline.</summary>
    public static Account FoldWithTimeline(Guid id, params IEnumerable<IAccountEvent> history) =>
        Fold(id, history) with { Timeline = AccountTimeline.Of(DateTimeOffset.MinValue, history) };

    public static Money Eur(long minor) => new(minor, Currency.Parse("EUR"));

    public static Money Usd(long minor) => new(minor, Currency.Parse("USD"));

    public static Amount Shown(long minor) => Amount.Of(Eur(minor));

    public static AccountOpened Opened(long limit = 0) => new(Number, OwnerId, "current", Eur(limit), OpenedAt);

    public static MoneyDeposited Deposited(long minor) => new(Eur(minor), BankSide.Cash, OpenedAt);

    public static MoneyWithdrawn Withdrawn(long minor) => new(Eur(minor), BankSide.Cash, OpenedAt);

    public static AccountFrozen Frozen(FreezeScope scope) => new(scope, OpenedAt);

    public Verdict When(Func<Account, Decision> decide) => new(decide(account));

    /// <summary>An event of the account with the first new id.</summary>
    public static NewEvent Fact(IAccountEvent e) => new(Id, EventId, e);
}

/// <summary>The result of a decision.</summary>
internal sealed class Verdict(Decision decision)
{
    public void Then(params NewEvent[] events)
    {
        var accepted = Assert.IsType<Decision.Accepted>(decision);
        Assert.Equal(events, accepted.Events);
        Assert.Empty(accepted.Documents);
    }

    /// <summary>Refused with exactly these facts.</summary>
    public Refusal ThenRefused(string code, int status, params (string Name, object Value)[] facts)
    {
        var refusal = Assert.IsType<Decision.Refused>(decision).Refusal;
        Assert.Equal((code, status), (refusal.Code, HttpStatus.Of(refusal.Kind)));
        Assert.Equal(facts.ToDictionary(f => f.Name, f => f.Value), refusal.Facts.ToDictionary());
        return refusal;
    }

    /// <summary>The code of the refusal or rejection; "accepted" otherwise.</summary>
    public string Code => decision switch
    {
        Decision.Refused refused => refused.Refusal.Code,
        Decision.Rejected rejected => rejected.Refusal.Code,
        _ => "accepted",
    };
}
