using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>A comparison of a stream with its log, while a migration waits for a table that the comparison has read.</summary>
public sealed class ComparedUnderMigrationTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    // A comparison that read a table over a second connection would wait for the migration, and the migration waits for the comparison's
    // transaction: PostgreSQL cannot see that this is a deadlock.
    [Theory]
    [InlineData("mt_events")]
    [InlineData("mt_streams")]
    public async Task The_comparison_does_not_wait_for_the_migration(string table)
    {
        var customer = await bank.As("teller").RegisterAsync();
        var account = await bank.As("teller").OpenAsync(customer, balance: "10.00");
        Guid[] streams = [Id(customer), Id(account)];
        await bank.DocumentsCurrentAsync();
        await bank.CaughtUpAsync();
        var log = bank.Host.Services.GetRequiredService<LogReader>();
        await using var snapshot = await bank.Owner.OpenConnectionAsync();
        await using var transaction = await snapshot.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var (events, _) = await log.ReadStreamsAsync(snapshot, streams, CancellationToken.None);
        // The comparisons below read both tables; here one of them is read first.
        await snapshot.ExecuteAsync($"lock table bank.{table} in access share mode", [], CancellationToken.None);
        var migration = bank.ForgeAsync($"begin; lock table bank.{table} in access exclusive mode; commit");
        await Eventually.UntilAsync(
            () => bank.QueryAsync<bool>($"select true from pg_locks where relation = 'bank.{table}'::regclass and not granted"),
            waiting => waiting.Count > 0);

        using var limit = new CancellationTokenSource(Limit);
        foreach (var comparison in bank.Host.Services.GetServices<StoredComparison>())
        {
            Assert.Empty(await comparison.OfStreamsAsync(snapshot, StreamSelection.Of(streams), events, limit.Token));
            foreach (var stream in streams)
            {
                Assert.Empty(await comparison.OfLongStreamAsync(snapshot, stream, limit.Token));
            }
        }

        await transaction.CommitAsync();
        await migration;
    }

    private static Guid Id(string id) => PublicId.TryParse(id[..3], id, out var guid) ? guid : throw new FormatException(id);
}
