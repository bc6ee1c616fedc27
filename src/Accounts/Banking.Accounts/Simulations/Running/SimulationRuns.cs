using System.Collections.Concurrent;
using Banking.Accounts.Domain;
using Banking.Accounts.Simulations.Reading;
using Banking.Accounts.Simulations.Views;
using Banking.Commands.Decisions;
using Banking.EventStore.Appending;
using Banking.EventStore.Log;
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
    IHostApplicationLifetime lifetime, ILogger<SimulationRuns> log) : IDisposable
{
    internal const string Prefix = "sim";
    internal const int RetryAfterSeconds = 10;

    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);
    private static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(1);

    private readonly SimulationReader _reader = new(store, source, settings, rule, clock);
    private readonly SimulationTable _table = new(source);
    private readonly SemaphoreSlim _places = new(settings.MaxRunning);
    private readonly ConcurrentDictionary<Guid, CancellationTokenSource> _running = new();

    public void Dispose() => _places.Dispose();

    internal async Task<(SimulationView? View, Refusal? Problem)> StartAsync(SimulationRequest request, CancellationToken ct)
    {
        if (!await _places.WaitAsync(0, ct))
        {
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
                _places.Release();
                return (null, problem);
            }

            var (id, now) = (Ids.Next(clock), clock.GetUtcNow());
            var view = new SimulationView(
                PublicId.Format(Prefix, id), SimulationState.Running, new(0, prepared.Total, null), now, now + Kept);
            await _table.AddAsync(id, view, ct);
            var cancellation = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping);
            _running[id] = cancellation;
            _ = Task.Run(() => RunAsync(id, prepared, cancellation), CancellationToken.None);
            return (view, null);
        }
        catch
        {
            _places.Release();
            await (prepared?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    internal Task<SimulationView?> FindAsync(string simulation, CancellationToken ct) =>
        PublicId.TryParse(Prefix, simulation, out var id)
            ? _table.FindAsync(id, simulation, clock.GetUtcNow(), ct)
            : Task.FromResult<SimulationView?>(null);

    /// <summary>Removes a simulation. If it runs on another host, that notices within a second.</summary>
    internal async Task<bool> CancelAsync(string simulation, CancellationToken ct)
    {
        if (!PublicId.TryParse(Prefix, simulation, out var id) || !await _table.RemoveAsync(id, clock.GetUtcNow(), ct))
        {
            return false;
        }

        if (_running.TryGetValue(id, out var running))
        {
            await running.CancelAsync();
        }

        return true;
    }

    private async Task RunAsync(Guid id, PreparedSimulation prepared, CancellationTokenSource cancellation)
    {
        var progress = new SimulationProgress(0, prepared.Total, null);
        var ended = new CancellationTokenSource();
        var writing = WriteAsync(id, () => progress, cancellation, ended.Token);
        try
        {
            var (state, answer) = await OutcomeAsync(prepared, p => progress = p, cancellation.Token);
            await ended.CancelAsync();
            await writing;
            await _table.EndAsync(id, state, progress, answer, CancellationToken.None);
            _ = RemoveLaterAsync();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Its row was removed, or the host stops.
        }
        catch (Exception failure)
        {
            log.LogError(failure, "Simulation {Simulation} ended without an answer; it will be shown as interrupted.", id);
        }
        finally
        {
            await ended.CancelAsync();
            _running.TryRemove(id, out _);
            await prepared.DisposeAsync();
            _places.Release();
        }
    }

    private static async Task<(SimulationState State, object? Answer)> OutcomeAsync(
        PreparedSimulation prepared, Action<SimulationProgress> progress, CancellationToken ct)
    {
        try
        {
            return await prepared.RunAsync(progress, ct) is { } result
                ? (SimulationState.Finished, result)
                : (SimulationState.Stopped, null);
        }
        catch (UnreadableEventException unreadable)
        {
            return (SimulationState.Failed, new SimulationFailure("event_unreadable", unreadable.Message));
        }
        catch (OverflowException)
        {
            return (SimulationState.Failed, new SimulationFailure(
                "balance_too_large", "A simulated balance would exceed what this bank can state."));
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

    /// <summary>Writes the progress while the simulation runs, and cancels it once its row is gone.</summary>
    private async Task WriteAsync(
        Guid id, Func<SimulationProgress> progress, CancellationTokenSource cancellation, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(WriteEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                if (!await _table.UpdateAsync(id, progress(), ended))
                {
                    await cancellation.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The simulation has ended.
        }
        catch (NpgsqlException failure)
        {
            log.LogWarning(failure, "The progress of simulation {Simulation} could not be written; it is shown as interrupted.", id);
        }
    }
}
