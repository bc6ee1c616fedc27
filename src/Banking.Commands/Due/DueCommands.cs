using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Commands.Due;

/// <summary>
/// Submits due commands when the bank's clock has reached their time. Every host that follows the log polls the table and claims rows, so
/// that hosts share the work. A poll that finds nothing costs one index lookup.
/// </summary>
public sealed class DueCommands(
    IEnumerable<IDueHandler> handlers, NpgsqlDataSource source, DueSignal signal, IHostApplicationLifetime lifetime, TimeProvider clock,
    SystemClock machine, ILogger<DueCommands> log) : BackgroundService
{
    /// <summary>Maximum number of rows in memory.</summary>
    private const int PageSize = 200;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, IDueHandler> _handlers = handlers.ToDictionary(h => h.Operation);
    private readonly DueRows _rows = new(source, machine);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Wait for the start of messaging: a command may send messages.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        string[] operations = [.. _handlers.Keys];
        while (!stoppingToken.IsCancellationRequested)
        {
            if (!await RunPageAsync(operations, stoppingToken))
            {
                await signal.WaitAsync(PollInterval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Submits a page of due commands. Returns whether there may be more.</summary>
    private async Task<bool> RunPageAsync(string[] operations, CancellationToken stopping)
    {
        try
        {
            var page = await _rows.ClaimAsync(clock.GetUtcNow(), operations, PageSize, stopping);
            if (page.Count == 0)
            {
                return false;
            }

            var ended = await Task.WhenAll(page.Select(row => TryAsync(row, stopping)));
            await _rows.DeleteAsync([.. page.Where((_, i) => ended[i]).Select(r => r.Id)], stopping);
            return page.Count == PageSize;
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            log.LogWarning("Cannot read or write the due table; retrying in a second: {Reason}", failure.Message);
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Returns whether the wait has ended. If the command fails the row stays, and is retried when its claim expires.</summary>
    private async Task<bool> TryAsync(DueRow row, CancellationToken stopping)
    {
        try
        {
            var outcome = await _handlers[row.Operation].RunAsync(row.Command, row.Context(), stopping);
            if (outcome is Outcome.NotRecorded { Refusal: var refusal })
            {
                log.LogWarning(
                    "Command {Operation} due at {DueAt} was not decided (attempt {Attempt}) and stays in the due table: {Code}: {Detail}",
                    row.Operation, row.DueAt, row.Attempts, refusal.Code, refusal.Detail);
            }

            return outcome.IsRecorded;
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            log.LogError(
                failure, "Command {Operation} due at {DueAt} failed (attempt {Attempt}) and stays in the due table.",
                row.Operation, row.DueAt, row.Attempts);
            return false;
        }
    }
}
