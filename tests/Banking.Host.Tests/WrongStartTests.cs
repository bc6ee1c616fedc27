using System.Net;
using System.Net.Sockets;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>Each wrong start ends with 2 and a sentence that says what to change, never with a stack trace.</summary>
public sealed class WrongStartTests : IDisposable
{
    private readonly DirectoryInfo _folder = TestFolders.New("banking-wrong-start-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("ConnectionStrings:banking cannot be opened", "--ConnectionStrings:banking=Host=127.0.0.1;Port=1;Database=x")]
    [InlineData("is not a PostgreSQL connection string", "--ConnectionStrings:banking=nonsense")]
    [InlineData("nonsense is not an address to listen on", "--urls=nonsense")]
    [InlineData("http://127.0.0.1:99999 is not an address to listen on", "--urls=http://127.0.0.1:99999")]
    [InlineData("Unable to configure HTTPS endpoint", "--urls=https://127.0.0.1:0")]
    public async Task A_setting_that_cannot_work(string sentence, params string[] args) => AssertRefused(sentence, await RunAsync(args));

    [Fact]
    public async Task A_port_that_another_program_uses()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var run = await RunAsync("--urls", $"http://{other.LocalEndpoint}");

        AssertRefused($"cannot listen on http://{other.LocalEndpoint}: another program listens there", run);
        Assert.Empty(_folder.GetFileSystemInfos());
    }

    /// <summary>A value of the wrong type is named once, and together with those that are out of range.</summary>
    [Fact]
    public async Task All_values_that_cannot_work_are_named_at_once_and_no_cluster_is_made()
    {
        (string Setting, string Sentence)[] wrong =
        [
            ("Approvals:ValidHours=0", "Approvals:ValidHours must be"),
            ("Archive:CacheMegabytes=0", "Archive:CacheMegabytes must be"),
            ("BackdatingDays=many", "BackdatingDays must be a number"),
            ("Backup:Keep=0", "Backup:Keep must be"),
            ("CarryForward:Events=-1", "CarryForward:Events and"),
            ("Corrections:ApprovalAmounts:EUR=abc", "Corrections:ApprovalAmounts:EUR must be"),
            ("Corrections:ApprovalAmounts:XYZ=1", "Corrections:ApprovalAmounts:XYZ: XYZ is"),
            ("Corrections:ApprovalDays=-1", "Corrections:ApprovalDays must be"),
            ("EventStreams:MaxPerHost=0", "EventStreams: MaxPerCaller and MaxPerHost"),
            ("Idempotency:KeepAnswersDays=5", "Idempotency:KeepAnswersDays must be"),
            ("Incoming:RabbitMq:One:Uri=x", "Incoming:RabbitMq:One:Uri is"),
            ("Incoming:RabbitMq:Two:Uri=x", "Incoming:RabbitMq:Two:Uri is"),
            ("OpenApi:Servers:0=ftp://bank", "OpenApi:Servers: \"ftp://bank\" is"),
            ("Postgres:MaxConnections=1", "Postgres:MaxConnections is 1"),
            ("Publishing:Kafka:Partitions=0", "Publishing:Kafka: Partitions"),
            ("Publishing:RabbitMq:Uri=x", "Publishing:RabbitMq:Uri is"),
            ("Publishing:Webhooks:Attempts=0", "Publishing:Webhooks: Attempts"),
            ("RateLimits:WritesPerSecond=0", "RateLimits: WritesPerSecond"),
            ("Sentinel:Streams=0", "Sentinel: Streams"),
            ("Simulations:MaxRunning=0", "Simulations: MaxAccounts"),
        ];

        var run = await RunAsync([.. wrong.Select(w => "--Banking:" + w.Setting)]);

        Assert.All(wrong, w => AssertRefused("Banking:" + w.Sentence, run));
        Assert.Equal(
            wrong.Length, run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Length);
        Assert.Empty(_folder.GetFileSystemInfos());
    }

    [Fact]
    public async Task A_data_folder_that_is_a_file()
    {
        var file = Path.Combine(_folder.FullName, "file");
        await File.WriteAllTextAsync(file, "text", TestContext.Current.CancellationToken);

        AssertRefused("cannot be created", await RunAsync($"--Banking:DataFolder={file}"));
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) =>
        HostProcess.RunAsync(
            ["--no-demo", .. args],
            ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
            ("Banking__DataFolder", _folder.FullName),
            ("ASPNETCORE_ENVIRONMENT", "Development"));

    private static void AssertRefused(string sentence, (int ExitCode, string Output, string Error) run)
    {
        Assert.True(run.ExitCode == 2, $"{run.ExitCode}: {run.Error}");
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }
}
