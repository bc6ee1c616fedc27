using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using Banking.ReadModels.Rebuilding;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Operations.Tests;

/// <summary>A bank with the probe as an additional read model.</summary>
public class ProbedBank : BankFixture
{
    internal Probe Probe { get; } = new();

    internal Rebuild Rebuild => Host.Services.GetRequiredService<Rebuild>();

    internal Verification Verification => Host.Services.GetRequiredService<Verification>();

    protected override string[] Settings => [.. base.Settings, "--Banking:BackdatingDays", "20000"];

    protected override void Configure(IServiceCollection services) => services.AddSingleton<ReadModel>(Probe);
}

/// <summary>Direct access to the bank's database.</summary>
internal static class BankDatabase
{
    public static async Task ExecuteAsync(this BankFixture bank, string sql, params object[] values)
    {
        await using var command = Command(bank, sql, values);
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }

    /// <summary>Runs SQL as the owner of the database.</summary>
    public static async Task ForgeAsync(this BankFixture bank, string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
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

    /// <summary>The table of the active generation.</summary>
    public static async Task<string> ActiveAsync(this BankFixture bank, string schema, string table, string model)
    {
        var generations = await bank.QueryAsync<int>(
            "select generation from platform.read_model where name = $1 and state = 'serving'", model);
        return $"{schema}.{table}_g{generations[0]}";
    }

    /// <summary>Waits until every read model that is not paused has all events so far.</summary>
    public static async Task CaughtUpAsync(this BankFixture bank)
    {
        var end = (await bank.QueryAsync<long>("select coalesce(max(seq_id), 0) from bank.mt_events"))[0];
        await Eventually.UntilAsync(
            async () =>
                (
                    await bank.QueryAsync<long>("select position from platform.read_model where state = 'serving' and paused_at is null")
                ).Min(),
            position => position >= end);
    }

    /// <summary>Waits until every document read model that is not paused has all events so far.</summary>
    public static async Task DocumentsCurrentAsync(this BankFixture bank)
    {
        var end = (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        await Eventually.UntilAsync(
            () => bank.Host.Services.GetRequiredService<ProjectionStates>().AllAsync(CancellationToken.None),
            all => all.All(s => s.PausedAt is not null || (!s.IsRebuildDue && s.Position >= end)));
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
