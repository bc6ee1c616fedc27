[assembly: AssemblyFixture(typeof(Banking.EmbeddedPostgres.Tests.ClusterFixture))]

namespace Banking.EmbeddedPostgres.Tests;

/// <summary>One shared cluster for tests that only read it, and copies of a cluster for the others.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private readonly TestFolder original = new();

    public PostgresCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Testing.Parts.TestParts.Ensure();
        await using (await original.StartAsync())
        {
            // Create and stop the cluster. Only a stopped cluster can be copied.
        }

        Cluster = await folder.StartAsync(settings => settings with
        {
            Parameters = new Dictionary<string, string> { ["work_mem"] = "5MB", ["application_name"] = @"it's a \ bank" },
        });
    }

    /// <summary>Copies a cluster, which is faster than initdb. Without cp the first start creates the cluster.</summary>
    internal Task<TestFolder> CopyAsync() => CopyAsync(original);

    /// <summary>Copies a cluster that is stopped.</summary>
    internal static async Task<TestFolder> CopyAsync(TestFolder original)
    {
        var copy = new TestFolder();
        if (!OperatingSystem.IsWindows())
        {
            var copied = await Command.RunAsync(["cp", "-a", original.Data, copy.Data], TimeSpan.FromMinutes(1), CancellationToken.None);
            Assert.True(copied.Succeeded, copied.Output);
        }

        return copy;
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        folder.Dispose();
        original.Dispose();
    }
}
