using Xunit;

namespace Banking.Testing;

/// <summary>
/// Stops the PostgreSQL cluster after the last test of an assembly. Each test assembly declares <c>[assembly:
/// AssemblyFixture(typeof(StopCluster))]</c>.
/// </summary>
public sealed class StopCluster : IAsyncLifetime
{
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => TestCluster.StopAsync();
}
