using Banking.EmbeddedPostgres;
using Banking.EventStore.Keys;
using Banking.Host.Database;
using Banking.Host.Hosting;
using Banking.Testing;
using Banking.Web;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Wolverine;

namespace Banking.Host.Tests;

/// <summary>In Production a host refuses to start with settings that weaken the bank, and its error names them.</summary>
public sealed class ProductionTests
{
    private static readonly string[] Production = ["--environment", "Production", "--no-demo"];

    private static readonly string[] Issuer = ["--Banking:Auth:Authority=https://issuer.example", "--Banking:Auth:Audience=bank"];

    private const string NoDatabase = "--ConnectionStrings:banking=Host=127.0.0.1;Port=1;Database=none";

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
    public void A_setting_that_weakens_the_bank_is_refused(string setting, string sentence) =>
        Assert.Contains(sentence, FindProblems([.. Production, .. Issuer, setting]), StringComparison.Ordinal);

    [Fact]
    public async Task All_faults_are_reported_at_once()
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(
            [
                .. Production,
                "--Banking:Auth:Authority=http://issuer.example",
                "--Banking:Publishing:Webhooks:AllowInsecure=true",
                "--Banking:BackdatingDays=many",
                "--Banking:DatFolder=x",
                "--urls=nowhere",
            ]);

        Assert.Equal(2, exitCode);
        string[] parts =
        [
            "BackdatingDays must be", "no setting Banking:DatFolder", "needs ConnectionStrings:banking", "must be an https address",
            "needs Banking:Auth:Audience", "AllowInsecure must not be set", "nowhere is not an address",
        ];
        var lines = error.Trim().Split('\n');
        Assert.Equal(parts.Length, lines.Length);
        Assert.All(parts, part => Assert.Contains(lines, line => line.Contains(part, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("--ConnectionStrings:banking= ")]
    public async Task Without_a_database_of_its_own_it_makes_none(string connection)
    {
        var folder = TestFolders.New("banking-production-");
        string[] settings = connection.Length > 0 ? [connection] : [];
        await AssertRefusedAsync(
            [.. Production, .. Issuer, .. settings, $"--Banking:DataFolder={folder.FullName}"], "needs ConnectionStrings:banking");
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
    public void With_a_database_it_needs_a_folder_for_the_key_ring_that_exists()
    {
        string[] arguments = ["--environment", "Production", .. Issuer, NoDatabase];
        var missing = Path.Combine(Path.GetTempPath(), "banking-no-such-folder");
        Assert.Contains("needs Banking:Keys:Folder", Refusal("--Banking:Keys:Folder="), StringComparison.Ordinal);
        Assert.Contains($"There is no folder {missing}.", Refusal($"--Banking:Keys:Folder={missing}"), StringComparison.Ordinal);

        // A module that wraps keys elsewhere needs no folder.
        BankHost.CreateBuilder([.. arguments, "--Banking:Keys:Folder="], new("Host=none"), modules: [.. BankModules.All, new KeyService()]);

        string Refusal(string setting) => Assert.Throws<ConfigurationException>(
            () => BankHost.CreateBuilder([.. arguments, setting], new("Host=none"))).Message;
    }

    [Theory]
    [InlineData("Production", DurabilityMode.Balanced)]
    [InlineData("Staging", DurabilityMode.Balanced)]
    [InlineData("Development", DurabilityMode.Solo)]
    public async Task Outside_Development_hosts_take_over_the_messages_of_one_that_ended(string environment, DurabilityMode mode)
    {
        var builder = BankHost.CreateBuilder(
            ["--environment", environment, .. Issuer, NoDatabase], new("Host=none"), modules: [.. BankModules.All, new KeyService()]);
        await using var provider = builder.Services.BuildServiceProvider();

        Assert.Equal(mode, provider.GetRequiredService<WolverineOptions>().Durability.Mode);
    }

    [Theory]
    [InlineData("--Banking:Backup:Keep=", "Banking:Backup:Keep is empty. Set a number (Int32), or leave it out.")]
    [InlineData("--Banking:FollowsLog=", "Banking:FollowsLog is empty. Set true or false, or leave it out.")]
    public void A_number_or_a_choice_is_not_empty(string setting, string sentence) =>
        Assert.Equal(sentence, FindProblems([.. Issuer, "--environment", "Development", setting]));

    [Fact]
    public async Task With_two_roles_it_serves_and_one_that_owns_the_log_needs_a_setting()
    {
        var database = await TestCluster.NewDatabaseAsync();
        string[] arguments = [.. Production, .. Issuer, $"--ConnectionStrings:banking={database}"];
        var (exitCode, output, error) = await HostProcess.RunAsync(["migrate"], ("ConnectionStrings__banking", database));
        Assert.True(exitCode == 0, output + error);

        // No owner is needed here: the migration has created the tables for messages too. Nor is the issuer needed to start.
        await using (var host = await HostProcess.ServeAsync(
            [.. Production, "--Banking:Auth:Authority=https://127.0.0.1:1", Issuer[1], $"--ConnectionStrings:banking={database}"]))
        {
            var ready = await new BankClient(host.Http(), null).GetAsync("/health/ready");
            Assert.Equal((503, "Unhealthy"), (ready.StatusCode, ready.Text("checks", "identity", "status")));
            const string Unchecked = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";
            Assert.Equal("identity_unavailable", (await new BankClient(host.Http(), Unchecked).GetAsync("/v1/accounts")).Code);
            await Eventually.UntilAsync(
                () => host.Output,
                output => output.Contains("Cannot fetch the keys of the issuer https://127.0.0.1:1/: ", StringComparison.Ordinal));
        }

        string[] owner = [.. Production, .. Issuer, $"--ConnectionStrings:banking={TestCluster.Owner(database)}"];
        await AssertRefusedAsync(owner, "owns the tables of the log");
        await using (var host = await HostProcess.ServeAsync([.. owner, "--Banking:Database:AllowOwner=true"]))
        {
            Assert.Contains("owns the tables of the log", host.Output, StringComparison.Ordinal);
        }

        var superuser = await TestCluster.SuperuserAsync(database);
        await AssertRefusedAsync(
            [.. Production, .. Issuer, $"--ConnectionStrings:banking={superuser}", "--Banking:Database:AllowOwner=true"],
            "ConnectionStrings:banking is a superuser");
        await AssertRefusedAsync([.. arguments, $"--ConnectionStrings:owner={superuser}"], "ConnectionStrings:owner is a superuser");
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
            string[] arguments = [.. Production, .. Issuer, $"--ConnectionStrings:banking={database}"];
            await using var superuser = NpgsqlDataSource.Create(cluster.ConnectionString("unsafe"));
            foreach (var setting in (string[])["fsync", "full_page_writes", "synchronous_commit"])
            {
                await ExecuteAsync(superuser, $"alter system set {setting} = off");
                await WaitUntilReloadedAsync(superuser, setting);

                await AssertRefusedAsync(arguments, $"PostgreSQL has {setting} off");

                await ExecuteAsync(superuser, $"alter system reset {setting}");
            }

            // A role that is not a superuser but a member of one.
            await ExecuteAsync(superuser, $"select pg_reload_conf(); grant bank to {DatabaseRoles.Host}");
            await AssertRefusedAsync(arguments, "is a superuser or a member of one");
        }

        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("--urls=http://0.0.0.0:0", "http://0.0.0.0:0")]
    [InlineData("--urls=http://*:0", "http://*:0")]
    [InlineData("--urls=http://127.0.0.1:0;http://[::]:0", "http://[::]:0")]
    [InlineData("--urls=http://bank.example:0", "http://bank.example:0")]
    [InlineData("--Kestrel:Endpoints:Http:Url=http://+:0", "http://+:0")]
    public void In_Development_an_address_that_other_machines_reach_is_refused(string setting, string address) =>
        Assert.Contains(
            $"Other machines can reach {address}", FindProblems(["--environment", "Development", setting]), StringComparison.Ordinal);

    [Fact]
    public async Task In_Development_a_port_without_an_address_is_refused()
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(
            ["--environment", "Development", "--no-demo", NoDatabase], ("ASPNETCORE_HTTP_PORTS", "18080"));

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
        // The host gets as far as opening the database, so it has accepted the address.
        var (exitCode, _, error) = await HostProcess.RunAsync([
            "--environment",
            "Development",
            "--no-demo",
            NoDatabase,
            $"--urls={address}",
            .. more,
        ]);

        Assert.Equal(2, exitCode);
        Assert.Contains("cannot be opened", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Other machines can reach", error, StringComparison.Ordinal);
    }

    /// <summary>
    /// Other programs use a variable named ENVIRONMENT. The host must ignore it: it neither creates a database in Production nor deletes
    /// data because of it.
    /// </summary>
    [Theory]
    [InlineData("dev")]
    [InlineData("Development")]
    [InlineData("Production")]
    public async Task A_variable_that_is_named_environment_changes_nothing(string value)
    {
        var folder = TestFolders.New("banking-environment-");
        string[] settings = ["--no-demo", $"--Banking:DataFolder={folder.FullName}"];
        await AssertRefusedAsync([.. settings, .. Issuer], "needs ConnectionStrings:banking", ("ENVIRONMENT", value));
        await AssertRefusedAsync(
            [.. settings, "--environment", "Production", .. Issuer],
            "needs ConnectionStrings:banking",
            ("ENVIRONMENT", value),
            ("ASPNETCORE_ENVIRONMENT", "Development"));
        await AssertRefusedAsync([.. settings, "--fresh", "--yes", .. Issuer], "Development only", ("ENVIRONMENT", value));
        await AssertRefusedAsync(
            [.. settings, "--fresh"], "add --yes to confirm", ("ENVIRONMENT", value), ("DOTNET_ENVIRONMENT", "Development"));
        Assert.Empty(folder.GetFileSystemInfos());

        // When the two variables differ, the checks and the host use the same environment.
        await AssertRefusedAsync(
            ["--no-demo", NoDatabase, "--urls=http://127.0.0.1:0"], "cannot be opened",
            ("ENVIRONMENT", value), ("ASPNETCORE_ENVIRONMENT", "Development"), ("DOTNET_ENVIRONMENT", "Production"));
        folder.Delete();
    }

    /// <summary>Why a host is not even built. Every line of it ends the process with 2.</summary>
    private static string FindProblems(string[] arguments) =>
        Assert.Throws<ConfigurationException>(() => BankHost.CreateBuilder(arguments, new("Host=nowhere;Database=none"))).Message;

    private static async Task AssertRefusedAsync(string[] arguments, string sentence, params (string, string)[] environment)
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(arguments, environment);
        Assert.True(exitCode == 2, $"{exitCode}: {error}");
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private static async Task WaitUntilReloadedAsync(NpgsqlDataSource source, string setting)
    {
        await ExecuteAsync(source, "select pg_reload_conf()");
        await using var command = source.CreateCommand($"select setting from pg_settings where name = '{setting}'");
        // A session applies reloaded settings between two statements.
        while ((string)(await command.ExecuteScalarAsync())! != "off")
        {
        }
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class KeyService : BankModule, IKeyWrapping
    {
        public override void AddStored(IServiceCollection services) => services.AddSingleton<IKeyWrapping>(this);

        public ValueTask<WrappedKey> WrapAsync(byte[] key, CancellationToken ct) => throw new NotSupportedException();

        public ValueTask<byte[]> UnwrapAsync(WrappedKey wrapped, CancellationToken ct) => throw new NotSupportedException();
    }
}
