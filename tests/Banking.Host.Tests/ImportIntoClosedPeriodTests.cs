using Banking.Periods.Domain;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>An import of bookings in a period that is closed, before it begins or while it runs.</summary>
public sealed class ImportIntoClosedPeriodTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task What_was_imported_before_a_period_was_closed_stays_with_exit_code_1_and_if_nothing_was_the_code_is_2()
    {
        var (folder, hidden) = (SmallHistory.Write((_, lines) => lines), Guid.AllBitsSet);
        (await bank.As("operator").PostAsync("/v1/periods/2026-10/close", new { reasonCode = "month-end", reason = "A test" })).Ok();
        var (exitCode, error) = await ImportAsync(folder);
        Assert.True(exitCode == 2 && error.Contains("Nothing was imported.", StringComparison.Ordinal), error);
        await ExecuteAsync(bank.Owner.CreateCommand(Move(AccountingPeriods.Stream, hidden)));
        await using (var connection = await bank.Owner.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await ExecuteAsync(new(
                "select pg_advisory_xact_lock(hashtextextended('periods.gate', 0));" + Move(hidden, AccountingPeriods.Stream), connection));
            var import = ImportAsync(folder);
            await Eventually.UntilAsync(CountWaitingAsync, waiting => waiting > 0);

            await transaction.CommitAsync();

            (exitCode, error) = await import;
        }

        Assert.True(exitCode == 1 && error.Contains("events were imported, and stay.", StringComparison.Ordinal), error);
        folder.Delete(recursive: true);
    }

    /// <summary>Moves the closed periods to another id. Under one that no reader asks for, no period is closed.</summary>
    private static string Move(Guid from, Guid to) => string.Join(';', ((string[])["bank.mt_streams", "periods.mt_doc_accounting_periods"])
        .Select(table => $"update {table} set id = '{to}' where id = '{from}'"));

    private static async Task ExecuteAsync(NpgsqlCommand command)
    {
        await using (command)
        {
            await command.ExecuteNonQueryAsync();
        }
    }

    private async Task<(int ExitCode, string Error)> ImportAsync(DirectoryInfo folder)
    {
        var (exitCode, _, error) = await HostCommand.RunAsync(
            ["import", "berka", folder.FullName], ("ConnectionStrings__banking", bank.ConnectionString));
        return (exitCode, error);
    }

    private async Task<long> CountWaitingAsync()
    {
        await using var command = bank.Owner.CreateCommand(
            "select count(*) from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and not granted "
                + "and database = (select oid from pg_database where datname = current_database())");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
