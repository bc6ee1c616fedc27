using System.Text.Json;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>The checks of a host against the server and the log before it serves.</summary>
public sealed class StartChecksTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Development = "Development";
    private const string MaxConnections = "--Banking:Postgres:MaxConnections";

    private static readonly string[] Brokers =
    [
        "--Banking:Publishing:Kafka:BootstrapServers=127.0.0.1:1",
        "--Banking:Publishing:RabbitMq:Uri=amqp://guest:guest@127.0.0.1:1",
    ];

    [Fact]
    public async Task A_host_may_not_take_more_connections_than_the_server_has_and_says_when_no_second_host_fits()
    {
        var server = await ScalarAsync<int>(
            "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int");

        await AssertRefusedAsync(
            Development, $"The server grants {server} connections, but this host may open {server + 1}", $"{MaxConnections}={server + 1}");
        await AssertRefusedAsync(Development, "MaxConnections is 39; a host needs at least 40", $"{MaxConnections}=39");
        await using (var host = await ServeAsync($"{MaxConnections}={server}"))
        {
            Assert.Contains(
                $"The server grants {server} connections, and a host may open {server}: a second host does not fit",
                host.Output,
                StringComparison.Ordinal);
        }

        await using (var host = await ServeAsync($"{MaxConnections}={server / 2}"))
        {
            Assert.DoesNotContain("does not fit", host.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Production_refuses_a_database_that_was_served_while_the_banks_clock_was_moved()
    {
        await using var moved = new BankFixture();
        await moved.InitializeAsync();
        string[] settings =
        [
            "--Banking:Auth:Authority=https://issuer.example",
            "--Banking:Auth:Audience=bank",
            $"--ConnectionStrings:banking={moved.ConnectionString}",
        ];
        await using (await HostProcess.ServeAsync(["--no-demo", "--environment", "Production", .. settings])) { }

        await moved.As("teller").RegisterAsync();

        await AssertRefusedAsync("Production", "served this database with a moved clock", settings);
    }

    [Theory]
    [InlineData(0, "Kafka")]
    [InlineData(1, "RabbitMq")]
    public async Task Publication_to_a_new_destination_does_not_begin_beyond_the_end_of_the_log(int broker, string section)
    {
        var database = await BankFixture.NewDatabaseAsync();
        await using var fresh = NpgsqlDataSource.Create(database);
        await using (var host = await HostProcess.ServeAsync(["--no-demo"], ("ConnectionStrings__banking", database)))
        {
            await (await host.TellerAsync()).RegisterAsync();
        }

        var end = await ScalarAsync<long>("select max(seq_id) from bank.mt_events", fresh);
        string Setting(string from) => $"--Banking:Publishing:{section}:From={from}";
        string[] options = [Brokers[broker], $"--ConnectionStrings:banking={database}"];

        await AssertRefusedAsync(
            Development,
            $"Banking:Publishing:{section}:From is position {end + 1}, but the log ends at {end}",
            [.. options, Setting($"{end + 1}")]);

        // The end of the log is a valid start. A destination with a checkpoint keeps it, whatever the setting is.
        foreach (var from in new[] { end, 999_999 })
        {
            await using (await HostProcess.ServeAsync(["--no-demo", .. options, Setting($"{from}")]))
            {
                await Eventually.UntilAsync(
                    () => ScalarAsync<long>(
                        $"select count(*) from publishing.publisher where name = '{section.ToLowerInvariant()}'", fresh),
                    publishers => publishers == 1);
            }
        }
    }

    [Fact]
    public async Task Verify_names_a_stream_that_ends_in_the_future()
    {
        await using var future = new BankFixture();
        await future.InitializeAsync();
        await future.As("teller").RegisterAsync();
        await using var forge = future.Owner.CreateCommand(
            "update bank.mt_streams set timestamp = clock_timestamp() + interval '400 days' where type = 'customer' returning id::text");
        var stream = (string)(await forge.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;

        var (exitCode, output, error) = await HostProcess.RunAsync(
            ["verify", "--json"], ("ConnectionStrings__banking", future.ConnectionString));

        Assert.True(exitCode == 1, output + error);
        Assert.Contains(JsonDocument.Parse(output).RootElement.GetProperty("differences").EnumerateArray(), d =>
            d.GetProperty("stream").GetString() == stream
            && d.GetProperty("expected").GetString()!.StartsWith("recorded before", StringComparison.Ordinal));
    }

    private Task<HostProcess> ServeAsync(string setting) =>
        HostProcess.ServeAsync(["--no-demo", setting], ("ConnectionStrings__banking", bank.ConnectionString));

    private async Task AssertRefusedAsync(string environment, string sentence, params string[] arguments)
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(
            ["--no-demo", "--environment", environment, "--urls", "http://127.0.0.1:0", .. arguments],
            [
                .. arguments.Any(a => a.Contains("ConnectionStrings", StringComparison.Ordinal))
                    ? []
                    : new[] { ("ConnectionStrings__banking", bank.ConnectionString) },
            ]);

        Assert.True(exitCode == 2, $"{exitCode}: {error}");
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private async Task<T> ScalarAsync<T>(string sql, NpgsqlDataSource? source = null)
    {
        await using var command = (source ?? bank.Database).CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
