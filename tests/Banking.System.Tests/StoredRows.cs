using Banking.Testing;
using Npgsql;

namespace Banking.System.Tests;

/// <summary>Direct queries of the bank's database.</summary>
internal static class StoredRows
{
    private static readonly string[] Tables =
    [
        "bank.mt_events", "bank.mt_streams", "platform.receipt", "platform.receipt_answer", "platform.mt_doc_refusal",
        "accounts.mt_doc_account",
        "accounts.mt_doc_account_number", "accounts.mt_doc_account_access", "customers.mt_doc_customer",
        "customers_keys.mt_doc_customer_key",
        "wolverine.wolverine_incoming_envelopes", "wolverine.wolverine_outgoing_envelopes", "wolverine.wolverine_dead_letters",
    ];

    /// <summary>The row counts of every table that a command could write, as comparable text.</summary>
    public static async Task<string> RowsAsync(this BankFixture bank)
    {
        var sql = string.Join(" union all ", Tables.Select(t => $"select '{t} ' || count(*) from {t}"));
        await using var command = bank.Database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return string.Join(", ", rows);
    }

    /// <summary>The number of rows of every table of the bank, except of the one that keeps the answers of simulations.</summary>
    public static async Task<string> EveryTableAsync(this BankFixture bank)
    {
        var tables = new List<string>();
        await using var list = bank.Owner.CreateCommand(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema', "
                // Hosts store the callers that they saw a moment later.
                + "'audit_actors') and (schemaname, tablename) <> ('accounts', 'simulation') order by 1");
        await using (var rows = await list.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                tables.Add(rows.GetString(0));
            }
        }

        Assert.Contains("bank.mt_events", tables);
        var counts = tables.Select(async t =>
        {
            await using var count = bank.Owner.CreateCommand($"select count(*) from {t}");
            return $"{t} {await count.ExecuteScalarAsync()}";
        });
        return string.Join('\n', await Task.WhenAll(counts));
    }

    /// <summary>The position of the last event.</summary>
    public static async Task<string> LastAsync(this BankFixture bank)
    {
        await using var command = bank.Database.CreateCommand("select max(seq_id)::text from bank.mt_events");
        return (string)(await command.ExecuteScalarAsync())!;
    }

    public static async Task<long> CountAsync(this BankFixture bank, string fromWhere, params object[] values)
    {
        await using var command = bank.Database.CreateCommand("select count(*) from " + fromWhere);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return (long)(await command.ExecuteScalarAsync())!;
    }
}
