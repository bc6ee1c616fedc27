using Banking.EmbeddedPostgres;
using Banking.Host.Database;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>A host does not start in Production with what weakens the bank, and says in a sentence what that is.</summary>
public sealed class ProductionTests
{
    private static readonly string[] Production = ["--environment", "Production", "--no-demo"];

    private static readonly string[] Issuer = ["--Banking:Auth:Authority=https://issuer.example", "--Banking:Auth:Audience=bank"];

    private const string Nowhere = "--ConnectionStrings:banking=Host=127.0.0.1;Port=1;Database=none";

    [Theory]
    [InlineData("--Banking:Auth:Authority=", "needs Banking:Auth:Authority")]
    [InlineData("--Banking:Auth:Authority= ", "needs Banking:Auth:Authority")]
    [InlineData("--Banking:Auth:Authority=http://issuer.example", "must be an https address")]
    [InlineData("--Banking:Auth:Authority=issuer.example", "must be an https address")]
    [InlineData("--Banking:Auth:Audience=", "needs Banking:Auth:Audience")]
    [InlineData("--Banking:Auth:Audience=  ", "needs Banking:Auth:Audience")]
    [InlineData("--Banking:Publishing:Webhooks:AllowInsecure=true", "Webhooks:AllowInsecure must not be set")]
    [InlineData("--Banking:Publishing:Webhooks:AllowPrivateAddresses=True", "Webhooks:AllowPrivateAddresses must not be set")]
    [InlineData("--Banking:Publishing:Webhooks:AllowInsecure=yes", "Webhooks:AllowInsecure must be true or false")]
    public Task A_setting_that_weakens_the_bank_is_refused(string setting, string sentence) =>
        RefusedAsync([.. Production, Nowhere, .. Issuer, setting], sentence);

    [Fact]
    public async Task All_that_is_wrong_is_said_at_once()
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(
            [.. Production, Nowhere, "--Banking:Auth:Authority=http://issuer.example", "--Banking:Publishing:Webhooks:AllowInsecure=true"]);

        Assert.Equal(2, exitCode);
        Assert.Equal(3, error.Trim().Split('\n').Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--ConnectionStrings:banking= ")]
    public async Task Without_a_database_of_its_own_it_makes_none(string connection)
    {
        var folder = TestFolders.New("banking-production-");
        string[] given = connection.Length > 0 ? [connection] : [];
        await RefusedAsync(
            [.. Production, .. Issuer, .. given, $"--Banking:DataFolder={folder.FullName}"], "needs ConnectionStrings:banking");
        Assert.Empty(folder.GetFileSystemInfos());

        await using (
            await HostProcess.ServeAsync([
                .. Production,
                .. Issuer,
                $"--Banking:DataFolder={folder.FullName}",
                "--Banking:Postgres:AllowInProduction=true",
            ])) { }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task With_two_roles_it_serves_and_one_that_owns_the_log_needs_a_setting()
    {
        var database = await TestCluster.NewDatabaseAsync();
        string[] arguments = [.. Production, .. Issuer, $"--ConnectionStrings:banking={database}"];
        var (exitCode, output, error) = await HostProcess.RunAsync(["migrate"], ("ConnectionStrings__banking", database));
        Assert.True(exitCode == 0, output + error);

        // Without the owner, whose migration made the tables of messages too.
        await using (await HostProcess.ServeAsync(arguments))
        {
        }

        string[] owner = [.. Production, .. Issuer, $"--ConnectionStrings:banking={TestCluster.Owner(database)}"];
        await RefusedAsync(owner, "owns the tables of the log");
        await using (var host = await HostProcess.ServeAsync([.. owner, "--Banking:Database:AllowOwner=true"]))
        {
            Assert.Contains("owns the tables of the log", host.Output, StringComparison.Ordinal);
        }

        var superuser = await TestCluster.SuperuserAsync(database);
        await RefusedAsync(
            [.. Production, .. Issuer, $"--ConnectionStrings:banking={superuser}", "--Banking:Database:AllowOwner=true"],
            "ConnectionStrings:banking is a superuser");
        await RefusedAsync([.. arguments, $"--ConnectionStrings:owner={superuser}"], "ConnectionStrings:owner is a superuser");
        await TestCluster.DropAsync(database);
    }

    [Fact]
    public async Task A_server_that_may_lose_what_was_answered_is_refused()
    {
        var folder = TestFolders.New("banking-unsafe-");
        await using (
            var cluster = await PostgresCluster.StartAsync(
                new() { DataFolder = Path.Combine(folder.FullName, "postgres") }, ct: TestContext.Current.CancellationToken))
        {
            await cluster.EnsureDatabaseAsync("unsafe", TestContext.Current.CancellationToken);
            var database = await TestCluster.PrepareAsync(cluster, "unsafe");
            await using var superuser = NpgsqlDataSource.Create(cluster.ConnectionString("unsafe"));
            foreach (var setting in (string[])["fsync", "full_page_writes", "synchronous_commit"])
            {
                await ExecuteAsync(superuser, $"alter system set {setting} = off");
                await ReloadedAsync(superuser, setting);

                await RefusedAsync([.. Production, .. Issuer, $"--ConnectionStrings:banking={database}"], $"PostgreSQL has {setting} off");

                await ExecuteAsync(superuser, $"alter system reset {setting}");
            }

            // A role that is no superuser and may become one.
            await ExecuteAsync(superuser, $"select pg_reload_conf(); grant bank to {DatabaseRoles.Host}");
            await RefusedAsync([.. Production, .. Issuer, $"--ConnectionStrings:banking={database}"], "is a superuser or a member of one");
        }

        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("--urls=http://0.0.0.0:0", "http://0.0.0.0:0")]
    [InlineData("--urls=http://*:0", "http://*:0")]
    [InlineData("--urls=http://127.0.0.1:0;http://[::]:0", "http://[::]:0")]
    [InlineData("--urls=http://bank.example:0", "http://bank.example:0")]
    [InlineData("--Kestrel:Endpoints:Http:Url=http://+:0", "http://+:0")]
    public async Task In_Development_an_address_that_other_machines_reach_is_refused(string setting, string address)
    {
        await RefusedAsync(["--environment", "Development", "--no-demo", Nowhere, setting], $"Other machines can reach {address}");
    }

    [Fact]
    public async Task In_Development_a_port_without_an_address_is_refused()
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(
            ["--environment", "Development", "--no-demo", Nowhere], ("ASPNETCORE_HTTP_PORTS", "18080"));

        Assert.Equal(2, exitCode);
        Assert.Contains("Other machines can reach http://*:18080", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:0")]
    [InlineData("http://127.0.0.2:0")]
    [InlineData("http://[::1]:0")]
    [InlineData("http://0.0.0.0:0", "--Banking:Development:AllowRemote=true")]
    public async Task In_Development_this_machine_is_served_and_others_where_that_is_said(string address, params string[] more)
    {
        // So far that it asks for the database: its address was no reason to stop.
        var (exitCode, _, error) = await HostProcess.RunAsync([
            "--environment",
            "Development",
            "--no-demo",
            Nowhere,
            $"--urls={address}",
            .. more,
        ]);

        Assert.Equal(2, exitCode);
        Assert.Contains("cannot be opened", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Other machines can reach", error, StringComparison.Ordinal);
    }

    /// <summary>
    /// A variable of that name belongs to others: a host in Production makes no database because of it, and one in Development deletes its
    /// data when told to.
    /// </summary>
    [Theory]
    [InlineData("dev")]
    [InlineData("Development")]
    [InlineData("Production")]
    public async Task A_variable_that_is_named_environment_changes_nothing(string value)
    {
        var folder = TestFolders.New("banking-environment-");
        string[] given = ["--no-demo", $"--Banking:DataFolder={folder.FullName}"];
        await RefusedAsync([.. given, .. Issuer], "needs ConnectionStrings:banking", ("ENVIRONMENT", value));
        await RefusedAsync(
            [.. given, "--environment", "Production", .. Issuer],
            "needs ConnectionStrings:banking",
            ("ENVIRONMENT", value),
            ("ASPNETCORE_ENVIRONMENT", "Development"));
        await RefusedAsync([.. given, "--fresh", "--yes", .. Issuer], "Development only", ("ENVIRONMENT", value));
        await RefusedAsync([.. given, "--fresh"], "add --yes to confirm", ("ENVIRONMENT", value), ("DOTNET_ENVIRONMENT", "Development"));
        Assert.Empty(folder.GetFileSystemInfos());

        // One answer for the rules and for the host, where the two variables do not agree.
        await RefusedAsync(
            ["--no-demo", Nowhere, "--urls=http://127.0.0.1:0"], "cannot be opened",
            ("ENVIRONMENT", value), ("ASPNETCORE_ENVIRONMENT", "Development"), ("DOTNET_ENVIRONMENT", "Production"));
        folder.Delete();
    }

    private static async Task RefusedAsync(string[] arguments, string sentence, params (string, string)[] environment)
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(arguments, environment);
        Assert.True(exitCode == 2, $"{exitCode}: {error}");
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private static async Task ReloadedAsync(NpgsqlDataSource source, string setting)
    {
        await ExecuteAsync(source, "select pg_reload_conf()");
        await using var command = source.CreateCommand($"select setting from pg_settings where name = '{setting}'");
        // A session takes note of new settings between two statements.
        while ((string)(await command.ExecuteScalarAsync())! != "off")
        {
        }
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
