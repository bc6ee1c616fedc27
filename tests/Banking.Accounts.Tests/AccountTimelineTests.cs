using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using CsCheck;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

/// <summary>The timeline of backdated decisions, compared with sums over the whole history.</summary>
public sealed class AccountTimelineTests
{
    private static readonly Gen<IAccountEvent> Fact = Gen.Select(
        Gen.Int[0, 9],
        Gen.Long[1, 1_000],
        Gen.Int[0, 40],
        Gen.Enum<FreezeScope>(),
        (kind, minor, day, scope) =>
        {
            var at = OpenedAt.AddDays(day);
            return kind switch
            {
                0 => new OverdraftLimitSet(Eur(minor), at),
                1 => new AccountFrozen(scope, at),
                2 => new AccountUnfrozen(scope, at),
                < 6 => new MoneyWithdrawn(Eur(minor), BankSide.Cash, at),
                _ => (IAccountEvent)new MoneyDeposited(Eur(minor), BankSide.Cash, at),
            };
        });

    [Fact]
    public void The_lowest_available_amount_does_not_depend_on_how_the_timeline_was_read() =>
        Gen.Select(Fact.Array[0, 40], Gen.Int[0, 40], Gen.Int[0, 40], Gen.Int[0, 40]).Sample((facts, read, day, since) =>
        {
            IAccountEvent[] all = [Opened(limit: 7), .. facts];
            var from = OpenedAt.AddDays(day);
            var balance = Counted(all, DateTimeOffset.MaxValue).Balance;
            var expected = all.Select(f => f.EffectiveAt).Append(from).Where(at => at >= from).Distinct().Order()
                .Select(at => (At: at, Of: Counted(all, at))).MinBy(at => at.Of.Balance + at.Of.Limit);

            // Movements before the start are left out, limits and freezes are not. The rest is added in one piece, in two, or one by one.
            var begins = OpenedAt.AddDays(Math.Min(day, since));
            IAccountEvent[] kept = [.. all.Where(f => f is not IMovement || f.EffectiveAt >= begins)];
            var timeline = AccountTimeline.Of(begins, kept.Take(read)).With(kept.Skip(read).Take(2));
            timeline = kept.Skip(read + 2).Aggregate(timeline, (t, f) => t.With([f]));

            var lowest = timeline.LowestAvailableSince(from, (long)balance);
            Assert.Equal((expected.At, expected.Of.Balance, expected.Of.Limit), (lowest.At, lowest.Balance, lowest.Limit));
        });

    [Fact]
    public void The_last_freeze_or_unfreeze_decides_whether_an_instant_was_frozen() =>
        Gen.Select(Fact.Array[0, 20], Gen.Int[0, 40], Gen.Enum<Direction>())
            .Sample(
                (facts, day, direction) =>
                {
                    var at = OpenedAt.AddDays(day);
                    var counted = facts
                        .Where(f => f.EffectiveAt <= at)
                        .Aggregate(Fold(Id, [Opened()]), (a, f) => Account.Fold(a, Id, f, OpenedAt));

                    var timeline = AccountTimeline.Of(AccountTimeline.NoMovements, facts);
                    Assert.Equal(
                        direction == Direction.Debit ? counted.DebitFrozen : counted.CreditFrozen, timeline.WasFrozen(direction, at));
                });

    [Fact]
    public void Balances_of_the_past_may_need_more_than_64_bits()
    {
        var large = Enumerable.Range(0, 200).Select(_ => new MoneyDeposited(Eur(Guards.MaxAmount), BankSide.Cash, OpenedAt));
        var timeline = AccountTimeline.Of(
            DateTimeOffset.MinValue, [Opened(), .. large, .. large.Select(d => new MoneyWithdrawn(d.Amount, BankSide.Cash, Now))]);

        // The balance is zero now; before, it exceeded 64 bits. Of two instants with the same amount the first is returned.
        var until = AccountTimeline
            .Of(DateTimeOffset.MinValue, [Opened(), .. large])
            .With(large.Select(d => new MoneyDeposited(d.Amount, BankSide.Cash, Now)));
        Assert.Equal(-Sum(large), until.LowestAvailableSince(OpenedAt, 0).Balance);
        Assert.Equal((Now, (Int128)0), (timeline.LowestAvailableSince(OpenedAt, 0).At, timeline.LowestAvailableSince(OpenedAt, 0).Balance));
    }

    [Fact]
    public void A_query_before_the_start_of_the_timeline_throws()
    {
        var timeline = AccountTimeline.Of(Now.AddDays(-1), [Opened(), Deposited(1)]);
        Assert.Throws<InvalidOperationException>(() => timeline.LowestAvailableSince(Now.AddDays(-1).AddTicks(-1), 1));
    }

    private static Int128 Sum(IEnumerable<IMovement> movements) =>
        movements.Aggregate((Int128)0, (sum, m) => sum + (m.Direction == Direction.Credit ? m.Amount.Minor : -m.Amount.Minor));

    private static (Int128 Balance, long Limit) Counted(IAccountEvent[] all, DateTimeOffset at)
    {
        var counted = all.Where(f => f.EffectiveAt <= at).ToList();
        // The limit with the latest effective time.
        var limit = counted
            .OrderBy(f => f.EffectiveAt)
            .Select(f =>
                f is AccountOpened o ? o.OverdraftLimit.Minor
                : f is OverdraftLimitSet s ? s.Limit.Minor
                : (long?)null)
            .LastOrDefault(l => l is not null)
            ?? 0;
        return (Sum(counted.OfType<IMovement>()), limit);
    }
}
