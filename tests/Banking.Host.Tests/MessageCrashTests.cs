using Banking.EmbeddedPostgres;
using Banking.SharedKernel;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>
/// The host or its connection dies around the commit of a decision that sends a message. Closing an account sends a message that cancels
/// the subscriptions to the account; the log shows how often that happened.
/// </summary>
public sealed class MessageCrashTests
{
    private const string Database = "messages";

    private const string Message = "Banking.Accounts.Contracts.AccountWasClosed";

    /// <summary>Condition for the commit of a command that is written and waits for a standby that does not exist.</summary>
    private const string WrittenCommit = "application_name like '%-commands' and wait_event = 'SyncRep' and query ilike 'commit%'";

    /// <summary>Condition for a commit whose deferred trigger waits for a lock: all rows are stored, none is committed.</summary>
    private const string DeferredCommit = "application_name like '%-commands' and wait_event_type = 'Lock' and wait_event = 'advisory'";

    [Fact]
    public async Task A_host_killed_right_after_the_commit_sends_at_its_next_start()
    {
        await using var bank = await StoppableBank.StartAsync();
        var (account, subscription) = await bank.SubscribeAsync();
        await bank.WithholdConfirmationsAsync();
        var closing = bank.CloseAsync(account);
        await bank.WaitForActivityAsync(WrittenCommit);

        await bank.KillAsync();
        await bank.ConfirmCommitsAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => closing);
        await bank.ServeAsync();

        await bank.WaitUntilCancelledAsync(subscription);
        Assert.Equal(2, await bank.GetVersionAsync(subscription));
    }

    [Fact]
    public async Task A_host_killed_between_storing_and_commit_sends_nothing()
    {
        await using var bank = await StoppableBank.StartAsync();
        var (account, subscription) = await bank.SubscribeAsync();
        await using (await bank.BlockCommitsAsync())
        {
            var closing = bank.CloseAsync(account);
            await bank.WaitForActivityAsync(DeferredCommit);
            await bank.KillAsync();
            await bank.TerminateAsync(DeferredCommit);
            await Assert.ThrowsAsync<HttpRequestException>(() => closing);
        }

        await bank.ServeAsync();
        var (otherAccount, otherSubscription) = await bank.SubscribeAsync();
        (await bank.CloseAsync(otherAccount)).Ok();
        await bank.WaitUntilCancelledAsync(otherSubscription);

        Assert.Equal((1, 1L), (await bank.GetVersionAsync(subscription), await bank.CountMessagesAsync()));
        Assert.Equal("open", (await bank.Teller.GetAsync($"/v1/accounts/{account}")).Ok().Text("status"));
    }

    [Fact]
    public async Task A_connection_that_dies_at_the_commit_of_a_host_that_lives_on_delays_the_message_and_does_not_repeat_it()
    {
        await using var bank = await StoppableBank.StartAsync();
        var (account, subscription) = await bank.SubscribeAsync();
        await bank.WithholdConfirmationsAsync();
        var closing = bank.CloseAsync(account);
        await bank.WaitForActivityAsync(WrittenCommit);

        await bank.TerminateAsync(WrittenCommit);
        await bank.ConfirmCommitsAsync();

        Assert.Equal("true", (await closing).Ok().Header("Idempotency-Replayed"));
        await bank.WaitUntilCancelledAsync(subscription);
        Assert.Equal((2, 1L), (await bank.GetVersionAsync(subscription), await bank.CountMessagesAsync()));
    }

    [Fact]
    public async Task A_connection_that_dies_before_the_commit_is_written_sends_once_with_the_repeated_command()
    {
        await using var bank = await StoppableBank.StartAsync();
        var (account, subscription) = await bank.SubscribeAsync();
        Task<Answer> closing;
        await using (await bank.BlockCommitsAsync())
        {
            closing = bank.CloseAsync(account);
            await bank.WaitForActivityAsync(DeferredCommit);
            await bank.TerminateAsync(DeferredCommit);
        }

        (await closing).Ok();
        await bank.WaitUntilCancelledAsync(subscription);
        Assert.Equal((2, 1L), (await bank.GetVersionAsync(subscription), await bank.CountMessagesAsync()));
    }

    [Fact]
    public async Task After_ten_kills_each_closing_has_had_its_effect_once()
    {
        const int Accounts = 30;
        const int Kills = 10;
        await using var bank = await StoppableBank.StartAsync();
        var all = new List<(string Account, string Subscription)>();
        for (var i = 0; i < Accounts; i++)
        {
            all.Add(await bank.SubscribeAsync());
        }

        for (var kill = 0; kill < Kills; kill++)
        {
            // Kill after the first answer, so that the messages of the closings are in different states.
            var closings = all.Skip(kill * Accounts / Kills).Take(Accounts / Kills).Select(a => bank.CloseAsync(a.Account)).ToList();
            await Task.WhenAny(closings);
            await bank.KillAsync();
            foreach (var closing in closings)
            {
                await closing.ContinueWith(_ => { }, TaskScheduler.Default);
            }

            await bank.ServeAsync();
        }

        foreach (var (account, subscription) in all)
        {
            // The idempotency key is the account id: this closes the account unless the killed host has.
            (await bank.CloseAsync(account)).Ok();
            await bank.WaitUntilCancelledAsync(subscription);
            Assert.Equal(2, await bank.GetVersionAsync(subscription));
        }

        Assert.Equal(0, await bank.CountDeadLettersAsync());
    }

    /// <summary>A host process on its own cluster, which keeps running when the host is killed.</summary>
    private sealed class StoppableBank : IAsyncDisposable
    {
        private readonly DirectoryInfo _folder = TestFolders.New("banking-messages-");
        private PostgresCluster _cluster = null!;
        private string _connection = "";
        private HostProcess _host = null!;
        private NpgsqlDataSource _server = null!;

        public BankClient Teller { get; private set; } = null!;

        public static async Task<StoppableBank> StartAsync()
        {
            var bank = new StoppableBank();
            bank._cluster = await PostgresCluster.StartAsync(new() { DataFolder = Path.Combine(bank._folder.FullName, "postgres") });
            await bank._cluster.EnsureDatabaseAsync(Database);
            bank._connection = await TestCluster.PrepareAsync(bank._cluster, Database);
            bank._server = NpgsqlDataSource.Create(bank._cluster.ConnectionString(Database));
            await bank.ServeAsync();
            return bank;
        }

        public async Task ServeAsync()
        {
            _host = await HostProcess.ServeAsync(["--no-demo"], ("ConnectionStrings__banking", _connection));
            Teller = await _host.TellerAsync();
        }

        public async Task KillAsync()
        {
            await _host.KillAsync();
            await _host.DisposeAsync();
        }

        public async Task<(string Account, string Subscription)> SubscribeAsync()
        {
            var account = await Teller.OpenAsync();
            return (account, (await Teller.PostAsync("/v1/notification-subscriptions", new { account })).Created().Text("id"));
        }

        public Task<Answer> CloseAsync(string account) =>
            Teller.PostAsync(
                $"/v1/accounts/{account}/close", new { reasonCode = "wish", reason = "A wish." }, ("Idempotency-Key", account));

        public Task<long> WaitUntilCancelledAsync(string subscription) =>
            Eventually.UntilAsync(() => GetVersionAsync(subscription), version => version >= 2);

        public async Task<long> GetVersionAsync(string subscription) =>
            PublicId.TryParse("sub", subscription, out var id)
                ? await ScalarAsync<long>($"select version from bank.mt_streams where id = '{id}'")
                : 0;

        /// <summary>Number of all stored messages about closed accounts. Wolverine keeps handled messages for a day.</summary>
        public Task<long> CountMessagesAsync() => ScalarAsync<long>(
            $"select count(*) from wolverine.wolverine_incoming_envelopes where message_type = '{Message}'");

        public Task<long> CountDeadLettersAsync() => ScalarAsync<long>("select count(*) from wolverine.wolverine_dead_letters");

        public async Task WithholdConfirmationsAsync()
        {
            await ExecuteAsync("alter system set synchronous_standby_names = 'missing_standby'");
            await ExecuteAsync("select pg_reload_conf()");
        }

        public async Task ConfirmCommitsAsync()
        {
            await ExecuteAsync("alter system reset synchronous_standby_names");
            await ExecuteAsync("select pg_reload_conf()");
        }

        /// <summary>Until the connection is disposed, the commit of a closing waits with all rows stored and none committed.</summary>
        public async Task<NpgsqlConnection> BlockCommitsAsync()
        {
            await ExecuteAsync(
                $"""
                create or replace function public.block_commit() returns trigger language plpgsql as
                    $$ begin perform pg_advisory_xact_lock_shared(7); return null; end $$;
                create constraint trigger block_commit after insert on wolverine.wolverine_incoming_envelopes
                    deferrable initially deferred for each row
                    when (new.message_type = '{Message}') execute function public.block_commit();
                """);
            // Not pooled: a connection returned to the pool keeps its lock until it is used again.
            var connection = new NpgsqlConnection(_cluster.ConnectionString(Database) + ";Pooling=false");
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("select pg_advisory_lock(7)", connection);
            await command.ExecuteNonQueryAsync();
            return connection;
        }

        public Task<bool> WaitForActivityAsync(string activity) =>
            Eventually.UntilAsync(
                () => ScalarAsync<bool>($"select exists (select from pg_stat_activity where datname = '{Database}' and {activity})"),
                isActive => isActive);

        public Task TerminateAsync(string activity) =>
            ExecuteAsync($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{Database}' and {activity}");

        public async ValueTask DisposeAsync()
        {
            await _host.DisposeAsync();
            await _server.DisposeAsync();
            await _cluster.DisposeAsync();
            _folder.Delete(recursive: true);
        }

        private async Task ExecuteAsync(string sql)
        {
            await using var command = _server.CreateCommand(sql);
            await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
        }

        private async Task<T> ScalarAsync<T>(string sql)
        {
            await using var command = _server.CreateCommand(sql);
            return (T)(await command.ExecuteScalarAsync())!;
        }
    }
}
