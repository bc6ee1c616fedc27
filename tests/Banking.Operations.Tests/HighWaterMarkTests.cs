using Banking.EventStore.Epochs;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Operations.Tests;

/// <summary>The high-water mark never passes a position that may still be committed, and waits for nothing else.</summary>
public sealed class HighWaterMarkTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    private const string Draw = "select nextval('bank.mt_events_sequence')";

    /// <summary>Copies an existing event to a stream of its own, with a drawn position.</summary>
    private const string Store =
        """
        insert into bank.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type,
            correlation_id, causation_id, headers, user_name, is_archived)
        select $1, gen_random_uuid(), gen_random_uuid(), 1, data, type, timestamp, tenant_id, mt_dotnet_type,
            correlation_id, causation_id, headers, user_name, is_archived
        from bank.mt_events where type = 'customers.customer-registered.v1' order by seq_id limit 1
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_missing_position_holds_the_mark_until_its_transaction_ends(bool commits)
    {
        await bank.As("teller").OpenAsync();
        var mark = await MarkAsync();
        await using var writer = await Writer.DrawAsync(bank.Database);
        var later = await StoreAsync(bank.Database);

        Assert.Equal(writer.Number - 1, await mark.LookAsync(Token));
        Assert.Equal(writer.Number - 1, await mark.LookAsync(Token));

        await writer.EndAsync(commits);
        Assert.Equal(later, await mark.LookAsync(Token));
        Assert.Equal(
            commits ? 1 : 0, (await bank.QueryAsync<long>("select seq_id from bank.mt_events where seq_id = $1", writer.Number)).Count);
    }

    [Fact]
    public async Task A_position_drawn_in_a_rolled_back_savepoint_holds_the_mark_too()
    {
        await bank.As("teller").OpenAsync();
        var mark = await MarkAsync();
        await using var connection = await bank.Database.OpenConnectionAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await transaction.SaveAsync("s", Token);
        var number = await ScalarAsync(connection, Draw);
        await transaction.RollbackAsync("s", Token);
        var later = await StoreAsync(bank.Database);

        Assert.Equal(number - 1, await mark.LookAsync(Token));
        await transaction.RollbackAsync(Token);
        Assert.Equal(later, await mark.LookAsync(Token));
    }

    [Fact]
    public async Task Readers_and_later_writers_do_not_hold_the_mark()
    {
        await bank.As("teller").OpenAsync();
        await using var reader = await bank.Database.OpenConnectionAsync(Token);
        await using var reading = await reader.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, Token);
        await ScalarAsync(reader, "select count(*) from bank.mt_events");
        var mark = await MarkAsync();
        await using (var gone = await Writer.DrawAsync(bank.Database))
        {
            await gone.EndAsync(commits: false);
        }

        var later = await StoreAsync(bank.Database);
        Assert.Equal(later, await mark.LookAsync(Token));

        await using var first = await Writer.DrawAsync(bank.Database);
        await StoreAsync(bank.Database);
        Assert.Equal(later, await mark.LookAsync(Token));
        await using var second = await Writer.DrawAsync(bank.Database);
        var last = await StoreAsync(bank.Database);
        await first.EndAsync(commits: false);

        // The first gap is resolved although a later writer is active; that one holds only the positions after its own.
        Assert.Equal(second.Number - 1, await mark.LookAsync(Token));
        await second.EndAsync(commits: true);
        Assert.Equal(last, await mark.LookAsync(Token));
    }

    /// <summary>Concurrent transactions draw interleaved positions. Half a transaction in the ledger would show money in transit.</summary>
    [Fact]
    public async Task The_mark_divides_no_transaction()
    {
        await bank.As("teller").OpenAsync();
        var mark = await MarkAsync();
        var before = await mark.LookAsync(Token);
        await using var first = await Writer.DrawAsync(bank.Database);
        await using var second = await Writer.DrawAsync(bank.Database);
        await first.StoreAsync();
        var rest = await first.DrawAgainAsync();
        await first.EndAsync(commits: true);

        Assert.Equal(second.Number + 1, rest);
        Assert.Equal(before, await mark.LookAsync(Token));
        await using var third = await Writer.DrawAsync(bank.Database);
        Assert.Equal(before, await mark.LookAsync(Token));

        await second.EndAsync(commits: false);
        Assert.Equal(rest, await mark.LookAsync(Token));
        await third.EndAsync(commits: true);
        Assert.Equal(third.Number, await mark.LookAsync(Token));
    }

    /// <summary>A session with cached numbers would draw them without the lock that the mark depends on.</summary>
    [Fact]
    public async Task The_sequence_caches_no_numbers() => Assert.Equal(
        [1], await bank.QueryAsync<long>("select seqcache from pg_sequence where seqrelid = 'bank.mt_events_sequence'::regclass"));

    /// <summary>With the end of the log instead of the mark, events must be lost; this proves that the test can fail.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_event_appears_behind_the_mark_in_any_order_of_commits(bool usesEndOfLog)
    {
        var seed = Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage("seed {0}", seed);
        await bank.As("teller").OpenAsync();
        await using var source = NpgsqlDataSource.Create(bank.ConnectionString);
        var mark = await MarkAsync();
        var position = await mark.LookAsync(Token);
        using var finished = new CancellationTokenSource();
        var writing = Enumerable.Range(0, 6).Select(i => Task.Run(() => WriteAsync(source, new Random(seed + i), rounds: 60))).ToArray();
        var all = Task.WhenAll(writing).ContinueWith(_ => finished.Cancel(), TaskScheduler.Default);
        var (seen, from) = (new List<long>(), position);
        for (var last = false; !last;)
        {
            last = finished.IsCancellationRequested;
            var end = usesEndOfLog
                ? (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0]
                : await mark.LookAsync(Token);
            seen.AddRange(
                await bank.QueryAsync<long>(
                    "select seq_id from bank.mt_events where seq_id > $1 and seq_id <= $2 order by 1", position, end));
            position = end;
        }

        await all;
        await Task.WhenAll(writing);
        var lost = (await bank.QueryAsync<long>("select seq_id from bank.mt_events where seq_id > $1", from)).Except(seen).ToList();
        Assert.Equal(usesEndOfLog, lost.Count > 0);
        Assert.Equal(seen.Order(), seen);
    }

    /// <summary>Otherwise a new host would read the whole log again before it served anything.</summary>
    [Fact]
    public async Task A_new_host_begins_where_its_read_models_are()
    {
        await bank.As("teller").OpenAsync(balance: "1.00");
        await bank.CaughtUpAsync();
        var projected = (await bank.QueryAsync<long>("select max(position) from platform.read_model"))[0];
        var known = bank.Host.Services.GetServices<CompletePosition>().ToList();

        Assert.NotEmpty(known);
        Assert.Equal(projected, Assert.Single(await Task.WhenAll(known.Select(async k => (await bank.QueryAsync<long>(k.Sql))[0]))));
    }

    /// <summary>A mark for which the gaps left by other tests are resolved.</summary>
    private async Task<HighWaterMark> MarkAsync()
    {
        var services = bank.Host.Services;
        HighWaterMark mark = new(
            services.GetRequiredService<ReadModelConnections>(),
            services.GetServices<CompletePosition>(),
            services.GetRequiredService<LogEpochs>());
        await mark.WaitUntilCompleteAsync(Token);
        return mark;
    }

    private static async Task WriteAsync(NpgsqlDataSource source, Random random, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            await using var writer = await Writer.DrawAsync(source);
            // Varies the order of commits.
            for (var n = random.Next(0, 6); n > 0; n--)
            {
                await Task.Yield();
                await writer.PingAsync();
            }

            await writer.EndAsync(random.Next(0, 5) > 0);
        }
    }

    private static async Task<long> StoreAsync(NpgsqlDataSource source)
    {
        await using var writer = await Writer.DrawAsync(source);
        await writer.EndAsync(commits: true);
        return writer.Number;
    }

    private static async Task<long> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }

    /// <summary>A transaction that has drawn a position.</summary>
    private sealed class Writer : IAsyncDisposable
    {
        private readonly NpgsqlConnection _connection;
        private readonly NpgsqlTransaction _transaction;

        private Writer(NpgsqlConnection connection, NpgsqlTransaction transaction, long number) =>
            (_connection, _transaction, Number) = (connection, transaction, number);

        public long Number { get; private set; }

        public static async Task<Writer> DrawAsync(NpgsqlDataSource source)
        {
            var connection = await source.OpenConnectionAsync(Token);
            var transaction = await connection.BeginTransactionAsync(Token);
            return new(connection, transaction, await ScalarAsync(connection, Draw));
        }

        public Task<long> PingAsync() => ScalarAsync(_connection, "select 1::bigint");

        public async Task<long> DrawAgainAsync() => Number = await ScalarAsync(_connection, Draw);

        public async Task StoreAsync()
        {
            await using var store = new NpgsqlCommand(Store, _connection) { Parameters = { new() { Value = Number } } };
            Assert.Equal(1, await store.ExecuteNonQueryAsync(Token));
        }

        public async Task EndAsync(bool commits)
        {
            if (!commits)
            {
                await _transaction.RollbackAsync(Token);
                return;
            }

            await StoreAsync();
            await _transaction.CommitAsync(Token);
        }

        public async ValueTask DisposeAsync()
        {
            await _transaction.DisposeAsync();
            await _connection.DisposeAsync();
        }
    }
}
