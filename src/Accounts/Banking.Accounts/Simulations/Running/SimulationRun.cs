using Banking.Accounts.Simulations.Reading;
using Banking.Accounts.Simulations.Views;
using Banking.EventStore.Log;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Accounts.Simulations.Running;

/// <summary>One simulation that runs on this host.</summary>
internal sealed class SimulationRun(
    Guid id, PreparedSimulation prepared, SimulationTable table, ILogger log, CancellationToken stopping)
{
    private static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(1);

    private SimulationProgress _progress = new(0, prepared.Total);

    /// <summary>Runs to an end. A failure is logged, because no request waits for the result.</summary>
    public async Task RunAsync()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var ended = new CancellationTokenSource();
        var writing = WriteAsync(cancellation, ended.Token);
        try
        {
            var (state, answer) = await OutcomeAsync(cancellation.Token);
            await ended.CancelAsync();
            await writing;
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
            await prepared.DisposeAsync();
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
            return (SimulationState.Failed, new SimulationFailure("event_unreadable", unreadable.Message));
        }
        catch (OverflowException)
        {
            return (SimulationState.Failed, new SimulationFailure(
                "balance_too_large", "A simulated balance would exceed what this bank can state."));
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
                if (!await table.UpdateAsync(id, _progress, ended))
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
