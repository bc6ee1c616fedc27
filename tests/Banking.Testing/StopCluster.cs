using Xunit;

namespace Banking.Testing;

/// <summary>
/// Stops the cluster of this run when its tests are over. Each test assembly names it: <c>[assembly:
/// AssemblyFixture(typeof(StopCluster))]</c>.
/// </summary>
public sealed class StopCluster : IAsyncLifetime
{
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => TestCluster.StopAsync();
}
