[assembly: AssemblyFixture(typeof(Banking.EmbeddedPostgres.Tests.ClusterFixture))]

namespace Banking.EmbeddedPostgres.Tests;

/// <summary>One cluster for the tests that only look at it, and a copy of it for those that need a cluster of their own.</summary>
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
            // Made and ended: an ended cluster can be copied.
        }

        Cluster = await folder.StartAsync(settings => settings with
        {
            Parameters = new Dictionary<string, string> { ["work_mem"] = "5MB", ["application_name"] = @"it's a \ bank" },
        });
    }

    /// <summary>A folder with a cluster in it, which costs less than initdb. Without cp the cluster is made at the first start.</summary>
    internal async Task<TestFolder> CopyAsync()
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
