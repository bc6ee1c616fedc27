using Banking.Accounts.Contracts;
using Banking.Ledger.Domain;
using Banking.SharedKernel;
using CsCheck;
using JasperFx.Events;

namespace Banking.Ledger.Tests;

/// <summary>Every movement gives a journal entry that balances.</summary>
public sealed class JournalEntryTests
{
    private static readonly Gen<DateTimeOffset> Instants = Gen.Select(
        Gen.DateTime[new(1, 1, 3, 0, 0, 0, DateTimeKind.Utc), new(9999, 12, 28, 0, 0, 0, DateTimeKind.Utc)], Gen.Int[-14 * 60, 14 * 60],
        (at, minutes) => new DateTimeOffset(at).ToOffset(TimeSpan.FromMinutes(minutes)));

    private static readonly Gen<Movement> Movements = Gen.Select(
        Gen.Long[0, long.MaxValue], Gen.OneOf("EUR", "JPY", "KWD"), Gen.Enum<Direction>(),
        Gen.Enum<BankSide>().Nullable(), Instants,
        (minor, currency, direction, side, at) => new Movement(new(minor, Currency.Parse(currency)), direction, side, at));

    [Fact]
    public void An_entry_has_two_lines_of_one_amount_on_opposite_sides() => Movements.Sample(movement =>
    {
        var entry = JournalEntry.Of(Event(movement))!.Value;

        var lines = entry.Lines();
        Assert.Equal(2, lines.Length);
        Assert.Equal(0, lines.Sum(l => l.Amount));
        Assert.All(lines, l => Assert.Equal(movement.Amount.Minor, Math.Abs(l.Amount)));
        Assert.Equal([Chart.CustomerDeposits, Chart.Counter(movement.BankSide)], lines.Select(l => l.Account));
        // A credit to the customer's account is a credit to customer deposits.
        Assert.Equal(movement.Direction == Direction.Credit ? -movement.Amount.Minor : movement.Amount.Minor, lines[0].Amount);
    });

    [Fact]
    public void An_entry_has_the_facts_of_its_event_and_the_effective_day_in_UTC() => Movements.Sample(movement =>
    {
        var e = Event(movement);

        var entry = JournalEntry.Of(e)!.Value;

        Assert.Equal((e.Sequence, e.StreamId, e.Timestamp), (entry.Position, entry.Account, entry.RecordedAt));
        Assert.Equal(movement.Amount.Currency, entry.Credit.Currency);
        Assert.Equal(movement.EffectiveAt.UtcDateTime.Date, entry.EffectiveOn.ToDateTime(TimeOnly.MinValue));
    });

    [Fact]
    public void An_event_that_moves_no_money_gives_no_entry() =>
        Assert.Null(JournalEntry.Of(new Event<Remark>(new Remark(DateTimeOffset.UnixEpoch))));

    private static Event<Movement> Event(Movement movement) => new(movement)
    {
        Sequence = 42,
        StreamId = new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]),
        Timestamp = new(2026, 11, 17, 15, 0, 0, TimeSpan.Zero),
    };

    private sealed record Movement(Money Amount, Direction Direction, BankSide? BankSide, DateTimeOffset EffectiveAt) : IMovement;

    private sealed record Remark(DateTimeOffset EffectiveAt) : IAccountEvent;
}
