using Banking.Testing;
using Npgsql;

namespace Banking.System.Tests;

/// <summary>Direct queries of the bank's database.</summary>
internal static class StoredRows
{
    private static readonly string[] Tables =
    [
        "bank.mt_events", "bank.mt_streams", "platform.receipt", "platform.mt_doc_refusal", "accounts.mt_doc_account",
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
