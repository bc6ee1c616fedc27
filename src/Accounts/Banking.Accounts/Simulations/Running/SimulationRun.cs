using Banking.Accounts.Simulations.Reading;
using Banking.Accounts.Simulations.Views;
using Banking.Commands.Receipts;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Microsoft.Extensions.Logging;

namespace Banking.Accounts.Simulations.Running;

/// <summary>One simulation that runs on this host.</summary>
internal sealed class SimulationRun(
    Guid id, PreparedSimulation prepared, SimulationTable table, ILogger log, CancellationToken stopping)
{
    private static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(1);

    private SimulationProgress _progress = new(0, prepared.Total);

    /// <summary>Runs to an end. A failure is logged, because no request waits for the result.</summary>
    /// <param name="release">Called before the end can be seen: who sees it may start the next simulation.</param>
    public async Task RunAsync(Action release)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var ended = new CancellationTokenSource();
        var writing = WriteAsync(cancellation, ended.Token);
        try
        {
            var (state, answer) = await ReplayAsync(cancellation.Token);
            await ended.CancelAsync();
            await writing;
            release();
            await table.EndAsync(id, state, _progress, answer, CancellationToken.None);
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
            await writing;
        }
    }

    /// <summary>Replays the history and releases the snapshot: the answer is written over a connection of the same pool.</summary>
    private async Task<(SimulationState State, object? Answer)> ReplayAsync(CancellationToken ct)
    {
        await using (prepared)
        {
            return await OutcomeAsync(ct);
        }
    }

    private async Task<(SimulationState State, object? Answer)> OutcomeAsync(CancellationToken ct)
    {
        try
        {
            return await prepared.RunAsync(p => _progress = p, ct) is { } result
                ? (SimulationState.Finished, result)
                : (SimulationState.Stopped, null);
        }
        catch (UnreadableEventException unreadable)
        {
            var refusal = Failures.Unreadable(unreadable);
            return (SimulationState.Failed, new SimulationFailure(
                refusal.Code, unreadable.InnerException is ArchiveDeletedException ? refusal.Detail : unreadable.Message));
        }
        catch (ArchiveUnavailableException)
        {
            return (SimulationState.Failed, new SimulationFailure(
                "archive_unavailable", "An archived event is needed, and its archive file cannot be read now. Ask again later."));
        }
        catch (OverflowException)
        {
            return (SimulationState.Failed, new SimulationFailure(
                "balance_too_large", "A simulated balance would exceed what this bank can state."));
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            log.LogError(failure, "Simulation {Simulation} failed.", id);
            return (SimulationState.Failed, new SimulationFailure(
                "internal_error", "An unexpected error occurred. The log has the details under the id of the simulation."));
        }
    }

    /// <summary>Writes the progress while the simulation runs, and cancels it once its row is gone.</summary>
    private async Task WriteAsync(CancellationTokenSource cancellation, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(WriteEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                await WriteOnceAsync(cancellation, ended);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The simulation has ended.
        }
    }

    private async Task WriteOnceAsync(CancellationTokenSource cancellation, CancellationToken ended)
    {
        try
        {
            if (!await table.UpdateAsync(id, _progress, ended))
            {
                await cancellation.CancelAsync();
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            log.LogWarning(failure, "Cannot write the progress of simulation {Simulation}; the next write is in a second.", id);
        }
    }
}
