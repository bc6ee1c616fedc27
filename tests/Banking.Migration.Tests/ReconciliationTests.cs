using Banking.Accounts.Contracts;
using Banking.Migration.Berka;
using Banking.Migration.Reconciling;

namespace Banking.Migration.Tests;

public sealed class ReconciliationTests
{
    private int _line = 1;

    [Fact]
    public void The_first_row_starts_from_zero() => AssertReplay([Row(1, 1, 700, 700)], (1, 0, 700));

    [Fact]
    public void Rows_of_a_day_are_chained_by_their_balances_and_not_by_their_ids() => AssertReplay(
        [Row(3, 1, 500, 500), Row(2, 1, -100, 400), Row(1, 1, 30, 430)],
        (3, 0, 500), (2, 0, 400), (1, 0, 430));

    [Fact]
    public void Days_are_never_mixed_even_where_the_balances_would_chain() => AssertReplay(
        [Row(1, 2, 500, 500), Row(2, 1, 100, 600)],
        (2, 500, 100), (1, -600, 600));

    [Fact]
    public void A_tie_goes_to_the_lower_id() => AssertReplay(
        [Row(9, 1, 100, 100), Row(4, 1, 100, 100), Row(7, 1, 100, 100)],
        (4, 0, 100), (7, -100, 200), (9, -100, 300));

    [Fact]
    public void A_skipped_row_keeps_its_place_among_equals() => AssertReplay(
        [Row(1, 1, 10, 60), Row(2, 1, 10, 60), Row(3, 1, 50, 50)],
        (3, 0, 50), (1, 0, 60), (2, -10, 60));

    [Fact]
    public void A_tie_of_a_difference_above_and_one_below_goes_to_the_lower_id() => AssertReplay(
        [Row(2, 1, 100, 95), Row(1, 1, 100, 105)],
        (1, 5, 105), (2, -110, 205));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 1)]
    [InlineData(-10, 1)]
    [InlineData(11, 2)]
    [InlineData(-11, 2)]
    [InlineData(0, 0)]
    public void Up_to_ten_hellers_are_rounding(long miss, int verdict)
    {
        var replayed = Assert.Single(Replay([Row(1, 1, 5_000, 5_000 + miss)]));
        Assert.Equal(((Verdict)verdict, miss), (replayed.Verdict, replayed.Difference));
        Assert.Equal(verdict == (int)Verdict.Rounded ? 5_000 + miss : 5_000, replayed.Replayed);
    }

    [Fact]
    public void A_gap_is_reported_once_and_stays_in_the_replayed_balance() => AssertReplay(
        [Row(1, 1, 1_000, 1_000), Row(2, 2, -100, 1_050), Row(3, 3, -50, 1_000), Row(4, 4, 20, 1_025)],
        (1, 0, 1_000), (2, 150, 900), (3, 0, 850), (4, 5, 875));

    [Fact]
    public void A_second_gap_is_reported_separately() => AssertReplay(
        [Row(1, 1, 1_000, 1_100), Row(2, 2, 10, 1_080)],
        (1, 100, 1_000), (2, -30, 1_010));

    [Fact]
    public void A_row_of_zero_is_replayed() => AssertReplay([Row(1, 1, 0, 0), Row(2, 1, 0, 4)], (1, 0, 0), (2, 4, 4));

    [Fact]
    public void An_account_without_rows_has_nothing_to_replay() => Assert.Empty(Replay([]));

    [Theory]
    [InlineData(2, long.MaxValue, long.MaxValue, 1, long.MaxValue)] // the balance
    [InlineData(2, 0, -long.MaxValue, 0, long.MaxValue)] // the difference of the recorded balances
    [InlineData(1, long.MaxValue, -2, 1, 0)] // the difference of the first row
    public void A_row_that_exceeds_64_bits_is_named_by_file_line_and_field(
        int overflowing, long firstChange, long firstRecorded, long secondChange, long secondRecorded)
    {
        List<BookedRow> rows = [Row(1, 1, firstChange, firstRecorded), Row(2, 2, secondChange, secondRecorded)];

        var refusal = Refusal(rows);

        Assert.Equal(
            $"trans.asc, line {rows[overflowing - 1].Line}, field amount: the balance of the account exceeds 64 bits after this row.",
            refusal.Message);
    }

    [Fact]
    public void Of_several_rows_that_exceed_64_bits_the_first_in_the_file_is_named()
    {
        var accounts = Enumerable.Range(0, 8).Select(_ => new List<BookedRow>
        {
            Row(1, 1, long.MaxValue, long.MaxValue), Row(2, 2, 1, long.MaxValue),
        }).Reverse().ToArray();

        Assert.Equal((3, "amount"), (Refusal(accounts).Line, Refusal(accounts).Field));
    }

    [Fact]
    public void The_order_of_a_day_is_found_where_the_distance_to_a_row_exceeds_64_bits() => AssertReplay(
        [Row(1, 1, 10 - long.MaxValue, long.MaxValue), Row(2, 1, 0, long.MaxValue)],
        (2, long.MaxValue, 0), (1, long.MaxValue - 10, 10 - long.MaxValue));

    private static MalformedFileException Refusal(params List<BookedRow>[] accounts) => Assert.Throws<MalformedFileException>(() =>
        BerkaImport.Replay(new([], [.. accounts.Select((rows, i) => Account(i + 1, rows))], OrdersRead: 0)));

    private static AccountRow Account(long id, List<BookedRow> rows)
    {
        var account = new AccountRow(id, new(1993, 1, 1), StatementFrequency.Monthly, Line: 2);
        account.Rows.AddRange(rows);
        return account;
    }

    private static ReplayedRow[] Replay(List<BookedRow> rows)
    {
        var replayed = Reconciliation.Replay(rows, out var overflow);
        Assert.Null(overflow);
        return replayed;
    }

    private static void AssertReplay(List<BookedRow> rows, params (long Id, long Difference, long Replayed)[] expected) =>
        Assert.Equal(expected, Replay(rows).Select(row => (row.Row.Id, row.Difference, row.Replayed)));

    private BookedRow Row(long id, int day, long change, long recorded) => new(
        id,
        new(1993, 1, day),
        change < 0 ? Direction.Debit : Direction.Credit,
        Math.Abs(change),
        recorded,
        BankSide.Cash,
        new(),
        ++_line);
}
