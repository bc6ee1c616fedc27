using Banking.SharedKernel;
using Banking.Testing;
using Npgsql;

namespace Banking.Accounts.Tests;

/// <summary>Direct access to the bank's database.</summary>
internal static class Stored
{
    public static Guid Id(string account) => PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);

    public static async Task<int> ExecuteAsync(this BankFixture bank, string sql, params object[] values)
    {
        await using var command = Command(bank, sql, values);
        return await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }

    /// <summary>The first column of each row.</summary>
    public static async Task<List<T>> QueryAsync<T>(this BankFixture bank, string sql, params object[] values)
    {
        await using var command = Command(bank, sql, values);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetFieldValue<T>(0));
        }

        return rows;
    }

    private static NpgsqlCommand Command(BankFixture bank, string sql, object[] values)
    {
        var command = bank.Owner.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return command;
    }
}
