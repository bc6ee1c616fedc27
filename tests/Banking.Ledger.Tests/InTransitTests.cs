using System.Globalization;
using Banking.Ledger.Domain;
using Banking.Ledger.ReadModels;
using Banking.ReadModels.Books;
using Banking.Testing;
using Npgsql;

namespace Banking.Ledger.Tests;

/// <summary>
/// The balance of transfers in transit is zero. A half without its other half is reported, unless the other half may still be projected.
/// </summary>
public sealed class InTransitTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly DateTime Last = new(2026, 11, 20, 12, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(30)]
    [InlineData(59)]
    public async Task A_single_half_among_the_latest_entries_is_not_reported(int seconds) =>
        Assert.Empty(await FoundAsync(seconds));

    [Theory]
    [InlineData(60)]
    [InlineData(3600)]
    public async Task An_older_single_half_is_reported_with_its_amount(int seconds)
    {
        var found = Assert.Single(await FoundAsync(seconds));

        Assert.Equal(("transfers in transit of EUR/2", "0", "100"), (found.Table, found.Expected, found.Found));
    }

    /// <summary>The differences found in a ledger with a single half of a transfer, recorded this long before the last entry.</summary>
    private async Task<IReadOnlyList<Difference>> FoundAsync(int seconds)
    {
        var model = new LedgerModel();
        var tables = ReadTables.Scratch("transit");
        await using var connection = await bank.Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ReadModelSchema.CreateAsync(connection, model, tables, temporary: true);
        var (journal, day) = (tables[LedgerModel.Journal], tables[LedgerModel.Day]);
        await using var fill = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture,
            $"""
            insert into {journal} values
                (1, gen_random_uuid(), {Chart.TransfersInTransit.Code}, 'EUR', 2, 100, '2026-11-20', '{Last.AddSeconds(-seconds):O}'),
                (2, gen_random_uuid(), {Chart.Cash.Code}, 'EUR', 2, 500, '2026-11-20', '{Last:O}');
            insert into {day} values
                ({Chart.CustomerDeposits.Code}, 'EUR', 2, '2026-11-20', '2026-11-20', 0, 600, 2),
                ({Chart.TransfersInTransit.Code}, 'EUR', 2, '2026-11-20', '2026-11-20', 100, 0, 1),
                ({Chart.Cash.Code}, 'EUR', 2, '2026-11-20', '2026-11-20', 500, 0, 1)
            """), connection);
        await fill.ExecuteNonQueryAsync();
        return await model.InvariantsAsync(connection, tables, CancellationToken.None);
    }
}
