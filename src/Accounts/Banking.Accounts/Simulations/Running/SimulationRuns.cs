using Banking.Accounts.Domain;
using Banking.Accounts.Simulations.Reading;
using Banking.Accounts.Simulations.Views;
using Banking.Commands.Decisions;
using Banking.EventStore.Appending;
using Banking.EventStore.Archive;
using Banking.SharedKernel;
using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Accounts.Simulations.Running;

/// <summary>
/// The simulations of this host. Each runs in the background; its row in <see cref="SimulationTable"/> is what all hosts show of it.
/// </summary>
public sealed class SimulationRuns(
    IDocumentStore store, NpgsqlDataSource source, SimulationSettings settings, BackdatingRule rule, TimeProvider clock,
    ArchivedEvents archive, IHostApplicationLifetime lifetime, ILogger<SimulationRuns> log)
{
    internal const string Prefix = "sim";
    internal const int RetryAfterSeconds = 10;

    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    private readonly SimulationReader _reader = new(store, source, settings, rule, clock, archive);
    private readonly SimulationTable _table = new(source);

    private int _running;

    internal async Task<(SimulationView? View, Refusal? Problem)> StartAsync(SimulationRequest request, CancellationToken ct)
    {
        if (Interlocked.Increment(ref _running) > settings.MaxRunning)
        {
            Interlocked.Decrement(ref _running);
            return (null, Refusal.Of(
                RefusalKind.Unavailable, "too_many_simulations", "This host runs as many simulations as it may.",
                ("limit", settings.MaxRunning), ("retryAfterSeconds", RetryAfterSeconds)));
        }

        PreparedSimulation? prepared = null;
        try
        {
            (prepared, var problem) = await _reader.PrepareAsync(request, ct);
            if (prepared is null)
            {
                Interlocked.Decrement(ref _running);
                return (null, problem);
            }

            var (id, now) = (Ids.Next(clock), clock.GetUtcNow());
            var view = new SimulationView(
                PublicId.Format(Prefix, id), SimulationState.Running, new(0, prepared.Total, null), now, now + Kept);
            await _table.AddAsync(id, view, ct);
            var run = new SimulationRun(id, prepared, _table, log, lifetime.ApplicationStopping);
            _ = Task.Run(() => RunAsync(run), CancellationToken.None);
            return (view, null);
        }
        catch
        {
            Interlocked.Decrement(ref _running);
            await (prepared?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    internal Task<SimulationView?> FindAsync(string simulation, CancellationToken ct) =>
        PublicId.TryParse(Prefix, simulation, out var id)
            ? _table.FindAsync(id, simulation, clock.GetUtcNow(), ct)
            : Task.FromResult<SimulationView?>(null);

    /// <summary>Removes a simulation. The host that runs it notices within a second, and ends it.</summary>
    internal async Task<bool> CancelAsync(string simulation, CancellationToken ct) =>
        PublicId.TryParse(Prefix, simulation, out var id) && await _table.RemoveAsync(id, clock.GetUtcNow(), ct);

    private async Task RunAsync(SimulationRun run)
    {
        var counts = true;
        void Release()
        {
            if (counts)
            {
                counts = false;
                Interlocked.Decrement(ref _running);
            }
        }

        try
        {
            await run.RunAsync(Release);
            _ = RemoveLaterAsync();
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Removes the rows of this host's simulations. Those of a host that ended are removed with the next start of one.</summary>
    private async Task RemoveLaterAsync()
    {
        try
        {
            await Task.Delay(Kept, lifetime.ApplicationStopping);
            await _table.RemoveExpiredAsync(clock.GetUtcNow(), lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (NpgsqlException failure)
        {
            log.LogWarning(failure, "Simulations of the last hour could not be removed; the next simulation removes them.");
        }
    }
}
