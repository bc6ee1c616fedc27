using Banking.Testing;
using Npgsql;

namespace Banking.Publishing.Tests;

/// <summary>SQL on the bank's database as its owner, and assertions on answers.</summary>
internal static class Behind
{
    public static async Task ExecuteAsync(this BankFixture bank, string sql, params object[] values)
    {
        await using var command = Command(bank, sql, values);
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
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

    public static void IsProblem(this Answer answer, int status, string code) =>
        Assert.Equal((status, code), (answer.StatusCode, answer.Code));

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
