using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>The owner migrates the schema. A host with only its own role starts if the schema is current.</summary>
public sealed class SchemaOwnerTests : IAsyncLifetime
{
    private static readonly (string, string) NoOwner = ("ConnectionStrings__owner", "");

    private static readonly string[] Serve = ["--no-demo", "--environment", "Development", "--urls", "http://127.0.0.1:0"];

    private string _database = "";

    public async ValueTask InitializeAsync() => _database = await TestCluster.NewDatabaseAsync();

    public async ValueTask DisposeAsync() => await TestCluster.DropAsync(_database);

    [Theory]
    [InlineData("--no-demo")]
    [InlineData("verify")]
    public async Task Without_the_owner_it_ends_with_a_sentence_on_an_empty_database(string command)
    {
        AssertSchemaRefused(
            "The schema of the database is missing, cannot be read, or belongs to another version",
            await HostProcess.RunAsync(
                [command],
                ("ConnectionStrings__banking", _database),
                NoOwner,
                ("ASPNETCORE_ENVIRONMENT", "Development"),
                ("ASPNETCORE_URLS", "http://127.0.0.1:0")));
    }

    [Fact]
    public async Task The_owner_migrates_once_and_leaves_and_hosts_without_it_serve_and_rebuild()
    {
        string account;
        await using (var host = await HostProcess.ServeAsync(["--no-demo"], ("ConnectionStrings__banking", _database)))
        {
            account = await (await host.TellerAsync()).OpenAsync(balance: "5.00");
            await WaitUntilGoneAsync("usename = 'banking_owner' and application_name = 'banking-owner'");
            Assert.DoesNotContain("owns the tables of the log", host.Output, StringComparison.Ordinal);
        }

        await using (var host = await HostProcess.ServeAsync(["--no-demo"], ("ConnectionStrings__banking", _database), NoOwner))
        {
            var teller = await host.TellerAsync();
            Assert.Equal(201, (await teller.WithdrawAsync(account, "2.00")).StatusCode);
            Assert.Equal(422, (await teller.WithdrawAsync(account, "4.00")).StatusCode);
            Assert.Equal("3.00", await teller.BalanceAsync(account));
        }

        foreach (
            var command in (string[][])
                [
                    ["projections", "rebuild", "all", "--reason", "test"],
                    ["projections", "replay", "ledger", "--into", "scratch_one"],
                    ["projections", "list"],
                    ["verify", "--full"],
                ])
        {
            var (exitCode, output, error) = await HostCommand.RunAsync(command, ("ConnectionStrings__banking", _database), NoOwner);
            Assert.True(exitCode == 0, string.Join(' ', command) + output + error);
        }
    }

    [Theory]
    [InlineData(
        "update platform.schema_part set fingerprint = 'another' where name = 'store'",
        "The schema of the database is missing, cannot be read, or belongs to another version")]
    [InlineData(
        "update platform.schema_part set fingerprint = 'another' where name = 'messages'",
        "The schema of the database is missing, cannot be read, or belongs to another version")]
    [InlineData(
        "revoke all on schema platform from banking_host",
        "The schema of the database is missing, cannot be read, or belongs to another version")]
    [InlineData("revoke insert on bank.mt_events from banking_host", "may not read and add to bank.mt_events")]
    [InlineData("drop table wolverine.wolverine_dead_letters", "may not read and add to wolverine.wolverine_dead_letters")]
    public async Task A_schema_that_is_not_current_is_refused_and_the_owner_mends_it(string change, string sentence)
    {
        await MigrateAsync();
        await ScalarAsync(change + " ; select ''");
        AssertSchemaRefused(sentence, await HostCommand.RunAsync(Serve, ("ConnectionStrings__banking", _database), NoOwner));

        await using (await BankFixture.StartOnAsync(_database))
        {
        }

        await using var host = await BankFixture.StartOnAsync(_database, isOwner: false);
        await BankFixture.On(host, "teller").OpenAsync(balance: "5.00");
    }

    [Fact]
    public async Task States_that_were_stored_before_they_named_their_last_event_name_it_after_the_migration()
    {
        const string Unnamed = "select count(*)::text from accounts.mt_doc_account where last_event_id is null";
        await MigrateAsync();
        await using (var host = await BankFixture.StartOnAsync(_database))
        {
            await BankFixture.On(host, "teller").OpenAsync(balance: "5.00");
        }

        await ScalarAsync(
            "update accounts.mt_doc_account set last_event_id = null; "
                + "update platform.schema_part set fingerprint = 'of that version'; select ''");
        Assert.Equal("1", await ScalarAsync(Unnamed));

        await using (await BankFixture.StartOnAsync(_database))
        {
            Assert.Equal("0", await ScalarAsync(Unnamed));
            Assert.Equal(
                "1",
                await ScalarAsync(
                    "select count(*)::text from accounts.mt_doc_account d join bank.mt_events e on e.id = d.last_event_id and "
                        + "e.stream_id = d.id and e.version = d.mt_version"
                ));
        }
    }

    [Fact]
    public async Task An_owner_that_does_not_belong_to_the_hosts_database_is_refused()
    {
        var other = await TestCluster.NewDatabaseAsync();

        await AssertStartFailsAsync(
            "do not name the same database",
            ("ConnectionStrings__banking", _database),
            ("ConnectionStrings__owner", TestCluster.Owner(other)));
        await AssertStartFailsAsync(
            "ConnectionStrings:owner needs ConnectionStrings:banking", ("ConnectionStrings__owner", TestCluster.Owner(other)));
        await AssertStartFailsAsync(
            "ConnectionStrings:owner cannot be opened",
            ("ConnectionStrings__banking", _database),
            ("ConnectionStrings__owner", TestCluster.Owner(_database) + ";Password=wrong"));
        await AssertStartFailsAsync(
            "ConnectionStrings:banking cannot be opened", ("ConnectionStrings__banking", _database + ";Password=wrong"), NoOwner);
        await TestCluster.DropAsync(other);
    }

    /// <summary>
    /// The host's role may create schemas. PostgreSQL's default search path would look first in a schema with the owner's name.
    /// </summary>
    [Fact]
    public async Task A_function_in_a_schema_of_the_owners_name_is_not_taken_for_PostgreSQLs()
    {
        await using (var host = NpgsqlDataSource.Create(_database))
        {
            await using var command = host.CreateCommand(
                """
                create schema banking_owner;
                create function banking_owner.format(text, name, text) returns text language plpgsql as $$ begin raise exception
                    'not the one'; end $$;
                grant usage on schema banking_owner to public;
                """);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var (exitCode, output, error) = await HostCommand.RunAsync(["migrate"], ("ConnectionStrings__banking", _database));

        Assert.True(exitCode == 0, output + error);
    }

    /// <summary>A container image sets these addresses; a migration does not listen on any.</summary>
    [Theory]
    [InlineData("Production")]
    [InlineData("Development")]
    public async Task Migrate_does_not_care_where_a_host_would_listen(string environment)
    {
        var (exitCode, output, error) = await HostProcess.RunAsync(
            ["migrate"], ("ConnectionStrings__banking", _database), ("ASPNETCORE_ENVIRONMENT", environment),
            ("ASPNETCORE_HTTP_PORTS", "8080"), ("ASPNETCORE_URLS", "http://+:8080"));

        Assert.True(exitCode == 0, output + error);
        Assert.Contains("The schema is current.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_refuses_a_superuser_in_Production()
    {
        var superuser = await TestCluster.SuperuserAsync(_database);
        foreach (
            var (name, host, owner) in ((string, string, string)[])
                [("owner", _database, superuser), ("banking", superuser, TestCluster.Owner(_database))])
        {
            var (exitCode, _, error) = await HostProcess.RunAsync(
                ["migrate"],
                ("ConnectionStrings__banking", host),
                ("ConnectionStrings__owner", owner),
                ("ASPNETCORE_ENVIRONMENT", "Production"));

            Assert.Equal(2, exitCode);
            Assert.Contains($"ConnectionStrings:{name} is a superuser", error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--no-demo")]
    [InlineData("migrate")]
    [InlineData("verify")]
    public async Task An_owner_without_rights_ends_with_a_sentence_that_names_the_script_of_roles(string command)
    {
        await using (var superuser = NpgsqlDataSource.Create(await TestCluster.SuperuserAsync(_database)))
        {
            var database = new NpgsqlConnectionStringBuilder(_database).Database;
            await using var change = superuser.CreateCommand(
                $"alter database {database} owner to current_user; revoke all on database {database} from banking_owner, banking_host; " +
                $"grant connect on database {database} to public");
            await change.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var (exitCode, _, error) = await HostCommand.RunAsync(
            command == "--no-demo" ? Serve : [command], ("ConnectionStrings__banking", _database));

        Assert.True(exitCode == 2, error);
        Assert.Contains("roles.sql", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--no-demo")]
    [InlineData("migrate")]
    [InlineData("verify")]
    [InlineData("projections", "list")]
    public async Task A_connection_string_that_cannot_be_read_ends_with_a_sentence(params string[] command)
    {
        foreach (
            var (setting, name) in ((string, string)[])
                [
                    ("--ConnectionStrings:banking=foo", "banking"),
                    ("--ConnectionStrings:banking=Host=127.0.0.1;Usrname=x", "banking"),
                    ("--ConnectionStrings:banking=Database=x", "banking"),
                    ("--ConnectionStrings:owner=Host=127.0.0.1;Port=many", "owner"),
                ])
        {
            string[] settings =
                name == "owner"
                    ? [$"--ConnectionStrings:banking={_database}", setting]
                    : [setting, $"--ConnectionStrings:owner={TestCluster.Owner(_database)}"];
            string[] words = command is ["--no-demo"] ? Serve : command;
            var (exitCode, _, error) = await HostCommand.RunAsync([.. words, .. settings]);

            Assert.True(exitCode == 2, error);
            Assert.Contains($"ConnectionStrings:{name} is not a PostgreSQL connection string", error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        }
    }

    /// <summary>Replaces the database by a copy with the current schema, without starting a host.</summary>
    private async Task MigrateAsync()
    {
        await TestCluster.DropAsync(_database);
        _database = await BankFixture.NewDatabaseAsync();
    }

    private static async Task AssertStartFailsAsync(string sentence, params (string, string)[] settings)
    {
        var (exitCode, _, error) = await HostCommand.RunAsync(Serve, settings);

        Assert.Equal(2, exitCode);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private static void AssertSchemaRefused(string sentence, (int ExitCode, string Output, string Error) run)
    {
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings:owner", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Waits for sessions to end: a server process ends shortly after its client has closed the connection.</summary>
    private async Task WaitUntilGoneAsync(string sessions) =>
        await Eventually.UntilAsync(
            () => ScalarAsync($"select count(*)::text from pg_stat_activity where {sessions}"), count => count == "0");

    private async Task<string> ScalarAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(TestCluster.Owner(_database));
        await using var command = source.CreateCommand(sql);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
