using Banking.Testing;
using Npgsql;

namespace Banking.Publishing.Tests;

/// <summary>Waiting for what happens by itself.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static Task<T> UntilAsync<T>(Func<T> ask, Func<T, bool> isIt) => UntilAsync(() => Task.FromResult(ask()), isIt);

    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> isIt, TimeSpan? patience = null)
    {
        using var late = new CancellationTokenSource(patience ?? Patience);
        while (true)
        {
            var answer = await ask();
            if (isIt(answer))
            {
                return answer;
            }

            Assert.False(late.IsCancellationRequested, $"It did not come to that in time. Last: {answer}");
            await Task.Delay(Pause, CancellationToken.None);
        }
    }
}

/// <summary>The database behind the bank, and what its answers must be.</summary>
internal static class Behind
{
    public static async Task ExecuteAsync(this BankFixture bank, string sql, params object[] values)
    {
        await using var command = Command(bank, sql, values);
        await command.ExecuteNonQueryAsync();
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

    public static void IsProblem(this Answer answer, int status, string code) => Assert.Equal((status, code), (answer.StatusCode, answer.Code));

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
