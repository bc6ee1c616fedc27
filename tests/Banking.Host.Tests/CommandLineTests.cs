using Banking.Host.Hosting;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>
/// The command line ignores nothing: an unknown word, option or setting ends with exit code 2, a suggestion, and no effect.
/// </summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly DirectoryInfo _folder = TestFolders.New("banking-words-");

    private string Data => Path.Combine(_folder.FullName, "data");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("verify", "verfy", "--full", "--urls", "http://127.0.0.1:0")]
    [InlineData("verify", "help", "verfy")]
    [InlineData("rebuild", "projections", "rebild", "--help")]
    [InlineData("berka", "import", "brka", "folder")]
    [InlineData("--copies", "import", "berka", "folder", "--copie", "2")]
    [InlineData("--fresh", "import", "berka", "folder", "--frsh")]
    [InlineData("--full", "verify", "--ful")]
    [InlineData("--json", "verify", "--jsn")]
    [InlineData("'--fresh'", "verify", "--fresh")]
    [InlineData("'--urls'", "verify", "--urls", "http://127.0.0.1:0")]
    [InlineData("rebuild", "projections", "rebild", "entries", "--reason", "why")]
    [InlineData("--reason", "projections", "rebuild", "entries", "--raeson", "why")]
    [InlineData("--account", "projections", "replay", "entries", "--into", "scratch_x", "--acount", "acc_00000000000000000000000000000001")]
    [InlineData("--no-demo", "--no-dmo")]
    [InlineData("'more'", "verify", "more")]
    [InlineData("'maybe'", "--no-demo=maybe")]
    [InlineData("'-jx'", "verify", "-jx")]
    [InlineData("'@file'", "verify", "@file")]
    [InlineData("--environment", "--environmnt", "Development")]
    [InlineData("codegen takes no setting", "codegen", "folder", "--Banking:DataFolder=x")]
    [InlineData("FOLDER is empty", "import", "berka", "")]
    [InlineData("FOLDER is empty", "codegen", " ")]
    [InlineData("FILE is empty", "archive", "check", "one", "")]
    [InlineData("FILE is empty", "simulate", "")]
    [InlineData("--into is empty", "restore", "--to", "LATEST", "--into", "")]
    [InlineData("--from is empty", "restore", "--to", "LATEST", "--into", "folder", "--from", "")]
    [InlineData("--limit N", "projections", "compare", "entries", "--limit", " 5")]
    [InlineData("--max-events NUMBER", "archive", "write", "--max-events", "+5")]
    [InlineData("line break", "projections", "rebuild", "entries", "--reason", "two\nlines")]
    [InlineData("U+202E", "archive", "delete", "--older-than", "2026-01-01T00:00:00Z", "--reason", "right \u202E to left")]
    [InlineData("Did you mean Kestrel:Endpoints?", "--Kestrel:Endpoint:Http:Url=http://127.0.0.1:0")]
    [InlineData("Did you mean Logging:LogLevel?", "verify", "--Logging:LogLevl:Default=Debug")]
    public async Task A_word_that_is_not_known_ends_with_2_and_a_suggestion(string suggestion, params string[] args)
    {
        var (exitCode, output, error) = await RunAsync(args);

        Assert.Equal(2, exitCode);
        Assert.Contains(suggestion, error, StringComparison.Ordinal);
        Assert.Contains("Nothing was done", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Empty(output);
        Assert.False(Directory.Exists(Data));
    }

    [Theory]
    [InlineData("There is no setting Baking:DataFolder", "verify", "--Baking:DataFolder=x")]
    [InlineData("Did you mean Banking:DataFolder?", "verify", "--Banking:DatFolder=x")]
    [InlineData("Did you mean Banking:DataFolder?", "--Banking:DatFolder", "x")]
    [InlineData("Did you mean Banking:Sentinel:Streams?", "--Banking:Sentinel:Stream=5")]
    [InlineData("Did you mean Banking:Publishing:Kafka:Topic?", "--Banking:Publishing:Kafka:Topics=x")]
    [InlineData("Did you mean ConnectionStrings:banking?", "verify", "--ConnectionStrings:bankng=Host=x")]
    [InlineData("Banking:Sentinel:Streams must be a number (Int32), not \"many\"", "--Banking:Sentinel:Streams=many")]
    [InlineData("Banking:Sentinel:Streams must be a number (Int32), not \"0x10\"", "--Banking:Sentinel:Streams=0x10")]
    [InlineData("Banking:Sentinel:Streams must be a number (Int32), not \"#10\"", "--Banking:Sentinel:Streams=#10")]
    [InlineData("Banking:Sentinel:Streams must be a number (Int32), not \" 10\"", "--Banking:Sentinel:Streams= 10")]
    [InlineData("Banking:FollowsLog must be true or false, not \"yes\"", "--Banking:FollowsLog=yes")]
    [InlineData("Banking:FollowsLog must be true or false, not \"true \"", "--Banking:FollowsLog=true ")]
    [InlineData("Logging:LogLevel:Default must be one of Trace, ", "--Logging:LogLevel:Default=Loud")]
    [InlineData("--Banking:Sentinel:Streams is given 2 times", "--Banking:Sentinel:Streams=5", "--banking:sentinel:streams", "6")]
    [InlineData("--Banking:BackdatingDays is given 2 times", "verify", "--Banking:BackdatingDays=1", "--Banking:BackdatingDays=1")]
    [InlineData("--Banking:DataFolder has no value", "--Banking:DataFolder")]
    [InlineData("--Banking:DataFolder has no value", "--Banking:DataFolder", "--no-demo")]
    public async Task A_setting_that_is_not_known_or_does_not_fit_ends_with_2_and_a_sentence(string sentence, params string[] args)
    {
        var (exitCode, output, error) = await RunAsync(args);

        Assert.Equal(2, exitCode);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Empty(output);
        Assert.False(Directory.Exists(Data));
    }

    [Theory]
    [InlineData("Banking:Publishing:Webhooks", "Attempts=0")]
    [InlineData("Banking:Publishing:Webhooks", "EventRetryMilliseconds=-1")]
    [InlineData("Banking:Publishing:Webhooks", "Parallel=-1")]
    [InlineData("Banking:Publishing:Webhooks", "MaxPerCaller=0")]
    [InlineData("Banking:EventStreams", "MaxPerHost=0")]
    [InlineData("Banking:Simulations", "MaxEvents=0")]
    [InlineData("Banking:Publishing:Webhooks", "MaxPerBank=-1")]
    [InlineData("Banking:Publishing:Kafka", "Partitions=0")]
    [InlineData("Banking:Publishing:Kafka", "ReplicationFactor=-2")]
    [InlineData("Banking:Sentinel", "IntervalSeconds=0")]
    [InlineData("Banking:Sentinel", "IntervalSeconds=-1")]
    [InlineData("Banking:Sentinel", "IntervalSeconds=NaN")]
    [InlineData("Banking:Sentinel", "IntervalSeconds=1e9")]
    [InlineData("Banking:Sentinel", "OverdueSeconds=0")]
    [InlineData("Banking:Sentinel", "Streams=0")]
    [InlineData("Banking:Sentinel", "Events=-5")]
    [InlineData("Banking:Sentinel", "LargestStream=0")]
    [InlineData("Banking:Sentinel", "Positions=0")]
    [InlineData("Banking:Sentinel", "BankEvery=0")]
    public void A_number_that_a_setting_cannot_have_is_refused_with_a_sentence(string section, string setting)
    {
        var refused = Assert.Throws<ConfigurationException>(() => BankHost.CreateBuilder(
            ["--environment", "Development", "--urls=http://127.0.0.1:0", $"--{section}:{setting}"], new("Host=nowhere;Database=none")));

        Assert.Contains(section + ": ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(setting[..setting.IndexOf('=', StringComparison.Ordinal)], refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_wrong_values_of_all_parts_are_reported_together_and_end_with_2()
    {
        var (exitCode, _, error) = await RunAsync(
            "--no-demo", "--urls=http://127.0.0.1:0", "--ConnectionStrings:banking=Host=127.0.0.1;Port=1",
            "--Banking:Publishing:Webhooks:Attempts=0", "--Banking:RateLimits:WritesPerSecond=0", "--Banking:BackdatingDays=-1");

        Assert.Equal(2, exitCode);
        Assert.Contains("Banking:Publishing:Webhooks: ", error, StringComparison.Ordinal);
        Assert.Contains("Banking:RateLimits: ", error, StringComparison.Ordinal);
        Assert.Contains("Banking:BackdatingDays must be", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_of_the_environment_is_checked_in_the_same_way()
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(
            [], ("Banking__DataFolder", Data), ("Banking__Sentinel__IntervalSecond", "5"));

        Assert.Equal(2, exitCode);
        Assert.Contains("Did you mean Banking:Sentinel:IntervalSeconds?", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task A_setting_without_a_value_is_none()
    {
        (string, string)[] empty =
        [
            .. KnownSettings.Names.Select(
                n => (n.Replace("*", "Name", StringComparison.Ordinal).Replace(":", "__", StringComparison.Ordinal), "")),
        ];
        string[] noDatabase =
            ["--no-demo", "--ConnectionStrings:banking=Host=127.0.0.1;Port=1;Database=none", $"--Banking:Keys:Folder={_folder.FullName}"];
        foreach (var (args, sentence) in ((string[], string)[])[(["verify"], ".banking"), (noDatabase, "cannot be opened")])
        {
            var (exitCode, _, error) = await HostProcess.RunAsync(args, [.. empty, ("ASPNETCORE_ENVIRONMENT", "Development")]);

            Assert.Equal(2, exitCode);
            Assert.Contains(sentence, error, StringComparison.Ordinal);
            Assert.Single(error.Trim().Split('\n'));
        }
    }

    [Theory]
    [InlineData("--urls")]
    [InlineData("--copies", "import", "berka")]
    [InlineData("rebuild", "projections")]
    [InlineData("--reason", "projections", "rebuild")]
    [InlineData("--into", "projections", "replay")]
    [InlineData("--full", "verify")]
    [InlineData("FILE", "simulate")]
    [InlineData("FOLDER", "codegen")]
    public async Task Every_command_lists_its_options_when_asked_for_help(string option, params string[] command)
    {
        foreach (var args in (string[][])[[.. command, "--help"], [.. command, "-h"], ["help", .. command]])
        {
            var (exitCode, output, error) = await RunAsync(args);

            Assert.Equal(0, exitCode);
            Assert.Contains(option, output, StringComparison.Ordinal);
            Assert.Empty(error);
        }

        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task The_version_is_named()
    {
        var (exitCode, output, _) = await RunAsync("--version");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+", output);
    }

    [Theory]
    [InlineData("Production", "Development only", "--fresh", "--yes")]
    [InlineData("Production", "Development only", "import", "berka", "folder", "--fresh", "--yes")]
    [InlineData("Development", "add --yes to confirm", "--fresh")]
    [InlineData("Development", "add --yes to confirm", "import", "berka", "folder", "--fresh")]
    [InlineData("Development", "Development only", "--fresh", "--yes", "--environment", "Production")]
    [InlineData("Development", "names another database", "--fresh", "--yes", "--ConnectionStrings:banking=Host=nowhere;Database=none")]
    public async Task Data_is_deleted_in_Development_only_and_never_without_a_confirmation(
        string environment, string sentence, params string[] args)
    {
        Directory.CreateDirectory(Path.Combine(Data, "postgres"));
        var keptFile = Path.Combine(Data, "postgres", "kept");
        await File.WriteAllTextAsync(keptFile, "data", TestContext.Current.CancellationToken);

        var (exitCode, _, error) = await HostProcess.RunAsync(args, ("Banking__DataFolder", Data), ("ASPNETCORE_ENVIRONMENT", environment));

        Assert.Equal(2, exitCode);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.True(File.Exists(keptFile));
    }

    /// <summary>Also for settings that are read after the database is opened.</summary>
    [Theory]
    [InlineData("Banking:BackdatingDays", "--Banking:BackdatingDays=-1")]
    [InlineData("Banking:Approvals:ValidHours", "--Banking:Approvals:ValidHours=0")]
    [InlineData("Banking:Sentinel", "--Banking:Sentinel:IntervalSeconds=0")]
    [InlineData("There is no folder", "--Banking:Keys:Folder=none")]
    [InlineData("Banking:Archive:CacheMegabytes", "--Banking:Archive:CacheMegabytes=0")]
    [InlineData("Banking:Archive:CacheMegabytes", "import", "berka", "HISTORY", "--Banking:Archive:CacheMegabytes=0")]
    [InlineData("There is no folder", "import", "berka", "HISTORY", "--Banking:Keys:Folder=none")]
    public async Task A_start_with_a_wrong_setting_deletes_nothing(string sentence, params string[] args)
    {
        Directory.CreateDirectory(Path.Combine(Data, "postgres", "data"));
        Directory.CreateDirectory(Path.Combine(Data, "keys"));
        string[] keptFiles = [Path.Combine(Data, "postgres", "data", "kept"), Path.Combine(Data, "keys", "kept")];
        foreach (var file in keptFiles)
        {
            await File.WriteAllTextAsync(file, "data", TestContext.Current.CancellationToken);
        }

        var history = Path.Combine(TestFolders.Repository, "samples", "history");

        var (exitCode, _, error) = await HostProcess.RunAsync(
            [.. args.Select(a => a == "HISTORY" ? history : a), "--fresh", "--yes"], ("Banking__DataFolder", Data),
            ("ASPNETCORE_ENVIRONMENT", "Development"), ("ASPNETCORE_URLS", "http://127.0.0.1:0"));

        Assert.Equal(2, exitCode);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.All(keptFiles, file => Assert.True(File.Exists(file)));
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) =>
        HostProcess.RunAsync(args, ("Banking__DataFolder", Data), ("ASPNETCORE_ENVIRONMENT", "Development"));
}
