using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.SharedKernel;
using CsCheck;
using JasperFx.Events;

namespace Banking.Accounts.Tests;

/// <summary>Properties of balances on both time axes, effective and recorded.</summary>
public sealed class BalanceAtProperties
{
    [Fact]
    public void Without_an_end_on_either_axis_the_balance_is_that_of_the_account() =>
        RandomBank.Steps.Sample(steps =>
        {
            var (bank, _) = RandomBank.Live(steps);
            foreach (var (id, account) in bank.Accounts)
            {
                var at = At(Events(bank, id), account.Currency, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue);
                Assert.Equal(
                    (account.Balance, account.OverdraftLimit, account.Version), (at.Balance.ToMoney(), at.OverdraftLimit, (long)at.Events));
            }
        });

    [Fact]
    public void Later_events_never_change_a_balance_as_known_earlier() => CheckAll((events, currency, effective, known) =>
        Assert.Equal(
            At([.. events.TakeWhile(e => e.Timestamp <= known)], currency, effective, known),
            At(events, currency, effective, known)));

    [Fact]
    public void The_balance_is_the_sum_of_the_events_recorded_and_effective_by_then() =>
        CheckAll(
            (events, currency, effective, known) =>
            {
                var counted = events.Where(e => e.Timestamp <= known && Fact(e).EffectiveAt <= effective).ToList();
                var at = At(events, currency, effective, known);
                Assert.Equal((Signed(counted), counted.Count, counted.LastOrDefault()), (at.Balance.Minor, at.Events, at.Last));
            });

    [Fact]
    public void The_balance_changes_between_two_instants_by_the_movements_in_between() => CheckAll((events, currency, effective, known) =>
    {
        foreach (var later in events.Select(e => Fact(e).EffectiveAt).Where(later => later > effective))
        {
            var between = events.Where(e => e.Timestamp <= known && Fact(e).EffectiveAt > effective && Fact(e).EffectiveAt <= later);
            Assert.Equal(
                At(events, currency, effective, known).Balance.Minor + Signed(between),
                At(events, currency, later, known).Balance.Minor);
        }
    });

    [Fact]
    public void The_balance_before_the_first_event_is_zero() => CheckAll((events, currency, effective, known) =>
        Assert.Equal(
            new(MoneySum.Zero(currency), Money.Zero(currency), null, 0),
            At(events, currency, effective, events[0].Timestamp.AddTicks(-1))));

    /// <summary>Checks the first account at pairs of instants at, or one tick from, the times of its events.</summary>
    private static void CheckAll(Action<IReadOnlyList<IEvent>, Currency, DateTimeOffset, DateTimeOffset> check) =>
        Gen.Select(RandomBank.Steps, Gen.Int[0, 100], Gen.Int[0, 100], Gen.Int[-1, 1]).Sample((steps, effective, known, ticks) =>
        {
            var (bank, _) = RandomBank.Live(steps);
            var account = bank.Accounts.Values.First();
            var events = Events(bank, account.Id);
            check(
                events,
                account.Currency,
                Fact(events[effective % events.Count]).EffectiveAt.AddTicks(ticks),
                events[known % events.Count].Timestamp.AddTicks(ticks));
        });

    private static BalanceAt At(IReadOnlyList<IEvent> events, Currency currency, DateTimeOffset effectiveAt, DateTimeOffset knownAt) =>
        BalanceAt.Fold(events, currency, effectiveAt, knownAt);

    private static Int128 Signed(IEnumerable<IEvent> events) => events.Select(e => e.Data).OfType<IMovement>()
        .Aggregate((Int128)0, (sum, m) => m.Direction == Contracts.Direction.Credit ? sum + m.Amount.Minor : sum - m.Amount.Minor);

    private static IAccountEvent Fact(IEvent e) => (IAccountEvent)e.Data;

    private static List<IEvent> Events(RandomBank bank, Guid id) =>
        [
            .. bank
                .History.Where(e => e.Account == id)
                .Select(e => new Event<IAccountEvent>((IAccountEvent)e.Data) { Timestamp = e.RecordedAt }),
        ];
}
