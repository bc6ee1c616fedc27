using Banking.EmbeddedPostgres;
using Banking.SharedKernel;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>
/// Where the host or its connection dies around the commit of a decision that sends. Closing an account sends a message that cancels the
/// subscriptions to
/// it: the log says how often that happened.
/// </summary>
public sealed class MessageCrashTests
{
    private const string Database = "messages";

    private const string Message = "Banking.Accounts.Contracts.AccountWasClosed";

    /// <summary>The commit of a command that is written and waits for a standby which does not exist.</summary>
    private const string Written = "application_name like '%-commands' and wait_event = 'SyncRep' and query ilike 'commit%'";

    /// <summary>The commit of a command whose deferred trigger waits for a lock: everything is stored, and nothing is committed.</summary>
    private const string Deferred = "application_name like '%-commands' and wait_event_type = 'Lock' and wait_event = 'advisory'";

    [Fact]
    public async Task A_host_killed_right_after_the_commit_sends_at_its_next_start()
    {
        await using var bank = await StoppableBank.StartAsync();
        var (account, subscription) = await bank.ListenAsync();
        await bank.LeaveCommitsUnansweredAsync();
        var closing = bank.CloseAsync(account);
        await bank.UntilAsync(Written);

        await bank.KillAsync();
        await bank.AnswerCommitsAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => closing);
        await bank.ServeAsync();

        await bank.UntilCancelledAsync(subscription);
        Assert.Equal(2, await bank.VersionAsync(subscription));
    }

    [Fact]
    public async Task A_host_killed_between_storing_and_commit_sends_nothing()
    {
        await using var bank = await StoppableBank.StartAsync();
        var (account, subscription) = await bank.ListenAsync();
        await using (await bank.HoldCommitsAsync())
        {
            var closing = bank.CloseAsync(account);
            await bank.UntilAsync(Deferred);
            await bank.KillAsync();
            await bank.TerminateAsync(Deferred);
            await Assert.ThrowsAsync<HttpRequestException>(() => closing);
        }

        await bank.ServeAsync();
        var (other, others) = await bank.ListenAsync();
        (await bank.CloseAsync(other)).Ok();
        await bank.UntilCancelledAsync(others);

        Assert.Equal((1, 1L), (await bank.VersionAsync(subscription), await bank.MessagesAsync()));
        Assert.Equal("open", (await bank.Teller.GetAsync($"/v1/accounts/{account}")).Ok().Text("status"));
    }

    [Fact]
    public async Task A_connection_that_dies_at_the_commit_of_a_host_that_lives_on_delays_the_message_and_does_not_repeat_it()
    {
        await using var bank = await StoppableBank.StartAsync();
        var (account, subscription) = await bank.ListenAsync();
        await bank.LeaveCommitsUnansweredAsync();
        var closing = bank.CloseAsync(account);
        await bank.UntilAsync(Written);

        await bank.TerminateAsync(Written);
        await bank.AnswerCommitsAsync();

        Assert.Equal("true", (await closing).Ok().Header("Idempotency-Replayed"));
        await bank.UntilCancelledAsync(subscription);
        Assert.Equal((2, 1L), (await bank.VersionAsync(subscription), await bank.MessagesAsync()));
    }

    [Fact]
    public async Task A_connection_that_dies_before_the_commit_is_written_sends_once_with_the_repeated_command()
    {
        await using var bank = await StoppableBank.StartAsync();
        var (account, subscription) = await bank.ListenAsync();
        Task<Answer> closing;
        await using (await bank.HoldCommitsAsync())
        {
            closing = bank.CloseAsync(account);
            await bank.UntilAsync(Deferred);
            await bank.TerminateAsync(Deferred);
        }

        (await closing).Ok();
        await bank.UntilCancelledAsync(subscription);
        Assert.Equal((2, 1L), (await bank.VersionAsync(subscription), await bank.MessagesAsync()));
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
            all.Add(await bank.ListenAsync());
        }

        for (var kill = 0; kill < Kills; kill++)
        {
            // The first is answered, so that the kill meets the messages of all in different places.
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
            // Closed by the host that was killed, or now: the key is the account's own.
            (await bank.CloseAsync(account)).Ok();
            await bank.UntilCancelledAsync(subscription);
            Assert.Equal(2, await bank.VersionAsync(subscription));
        }

        Assert.Equal(0, await bank.DeadLettersAsync());
    }

    /// <summary>A host as a process on a cluster of its own, which outlives it.</summary>
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

        public async Task<(string Account, string Subscription)> ListenAsync()
        {
            var account = await Teller.OpenAsync();
            return (account, (await Teller.PostAsync("/v1/notification-subscriptions", new { account })).Created().Text("id"));
        }

        public Task<Answer> CloseAsync(string account) =>
            Teller.PostAsync(
                $"/v1/accounts/{account}/close", new { reasonCode = "wish", reason = "A wish." }, ("Idempotency-Key", account));

        public Task<long> UntilCancelledAsync(string subscription) =>
            Eventually.UntilAsync(() => VersionAsync(subscription), version => version >= 2);

        public async Task<long> VersionAsync(string subscription) =>
            PublicId.TryParse("sub", subscription, out var id)
                ? await ScalarAsync<long>($"select version from bank.mt_streams where id = '{id}'")
                : 0;

        /// <summary>Messages about closed accounts that were ever stored: handled ones are kept for a day.</summary>
        public Task<long> MessagesAsync() => ScalarAsync<long>(
            $"select count(*) from wolverine.wolverine_incoming_envelopes where message_type = '{Message}'");

        public Task<long> DeadLettersAsync() => ScalarAsync<long>("select count(*) from wolverine.wolverine_dead_letters");

        public async Task LeaveCommitsUnansweredAsync()
        {
            await ExecuteAsync("alter system set synchronous_standby_names = 'nobody'");
            await ExecuteAsync("select pg_reload_conf()");
        }

        public async Task AnswerCommitsAsync()
        {
            await ExecuteAsync("alter system reset synchronous_standby_names");
            await ExecuteAsync("select pg_reload_conf()");
        }

        /// <summary>While it is held, a commit that closes an account waits after everything is stored and before it is written.</summary>
        public async Task<NpgsqlConnection> HoldCommitsAsync()
        {
            await ExecuteAsync(
                $"""
                create or replace function public.hold_commit() returns trigger language plpgsql as
                    $$ begin perform pg_advisory_xact_lock_shared(7); return null; end $$;
                create constraint trigger hold_commit after insert on wolverine.wolverine_incoming_envelopes
                    deferrable initially deferred for each row
                    when (new.message_type = '{Message}') execute function public.hold_commit();
                """);
            // Not of a pool: one that is closed there keeps its lock until it is used again.
            var connection = new NpgsqlConnection(_cluster.ConnectionString(Database) + ";Pooling=false");
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("select pg_advisory_lock(7)", connection);
            await command.ExecuteNonQueryAsync();
            return connection;
        }

        public Task<bool> UntilAsync(string activity) =>
            Eventually.UntilAsync(
                () => ScalarAsync<bool>($"select exists (select from pg_stat_activity where datname = '{Database}' and {activity})"),
                isThere => isThere);

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
            await command.ExecuteNonQueryAsync();
        }

        private async Task<T> ScalarAsync<T>(string sql)
        {
            await using var command = _server.CreateCommand(sql);
            return (T)(await command.ExecuteScalarAsync())!;
        }
    }
}
