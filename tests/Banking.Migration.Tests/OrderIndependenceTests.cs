using System.Globalization;
using CsCheck;

namespace Banking.Migration.Tests;

public sealed class OrderIndependenceTests : IDisposable
{
    // Few accounts, days and balances, so that ties, gaps and chains all occur.
    private static readonly Gen<string> AnyRow = Gen.Select(
        OneOf(10, 20),
        Gen.Int[5, 7],
        OneOf("PRIJEM", "VYDAJ"),
        OneOf("1.00", "1.10", "2.00"),
        OneOf("0.00", "1.00", "1.10", "2.00", "3.00", "-1.00"),
        (account, day, type, amount, balance) =>
            string.Create(CultureInfo.InvariantCulture, $"{account};93010{day};\"{type}\";\"\";{amount};{balance};\"\";;"));

    private static readonly Gen<(string[] Rows, string[] Shuffled)> AnyHistory =
        AnyRow.Array[1, 20].SelectMany(rows =>
        {
            var numbered = rows.Select((row, i) => string.Create(CultureInfo.InvariantCulture, $"{i + 1};{row}")).ToArray();
            return Gen.Shuffle(numbered).Select(shuffled => (numbered, shuffled.ToArray()));
        });

    private readonly BerkaFolder _bank = new();

    [Fact]
    public void Shuffling_the_bookings_changes_nothing_but_their_line_numbers() => AnyHistory.Sample(
        history => PlanOf(history.Rows) == PlanOf(history.Shuffled),
        iter: 300,
        threads: 1);

    public void Dispose() => _bank.Dispose();

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private string PlanOf(string[] rows)
    {
        _bank.Transactions(rows);
        return PlanText.WithoutLines(_bank.Plan());
    }
}
