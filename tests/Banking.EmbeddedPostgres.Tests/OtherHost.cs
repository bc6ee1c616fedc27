using System.Diagnostics;

namespace Banking.EmbeddedPostgres.Tests;

/// <summary>A host in a separate process, so that tests can kill it.</summary>
internal sealed class OtherHost : IDisposable
{
    public const string Argument = "run-as-host";

    private readonly Process process;

    private OtherHost(Process process, int postmaster) => (this.process, Postmaster) = (process, postmaster);

    public int ProcessId => process.Id;

    public int Postmaster { get; }

    public static async Task<OtherHost> StartAsync(string dataFolder)
    {
        var program = Path.ChangeExtension(typeof(OtherHost).Assembly.Location, OperatingSystem.IsWindows() ? ".exe" : null);
        var process = Process.Start(new ProcessStartInfo(program, [Argument, dataFolder]) { RedirectStandardInput = true })!;
        var started = await Poll.UntilAsync(
            () => process.HasExited || File.Exists(ReadyFile(dataFolder)), TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.True(started && !process.HasExited, "The other host did not start.");
        return new(process, int.Parse(await File.ReadAllTextAsync(ReadyFile(dataFolder)), null));
    }

    /// <summary>The program of that process: runs the cluster until its input ends or it is killed.</summary>
    public static async Task RunAsync(string dataFolder)
    {
        await using var cluster = await PostgresCluster.StartAsync(new() { DataFolder = dataFolder });
        await cluster.EnsureDatabaseAsync("bank");
        await Sql.ExecuteAsync(cluster, "bank", "create table kept (id int); insert into kept values (42)");
        var unfinished = ReadyFile(dataFolder) + ".new";
        await File.WriteAllTextAsync(unfinished, $"{cluster.ProcessId}");
        File.Move(unfinished, ReadyFile(dataFolder));
        using var input = Console.OpenStandardInput();
        await input.CopyToAsync(Stream.Null);
    }

    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Stop()
    {
        process.StandardInput.Close();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
    }

    private static string ReadyFile(string dataFolder) => dataFolder + ".ready";
}
