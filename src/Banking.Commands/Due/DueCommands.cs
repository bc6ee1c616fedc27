using Banking.Commands.Decisions;
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
    ILogger<DueCommands> log) : BackgroundService
{
    /// <summary>Rows in memory at once.</summary>
    private const int PageSize = 200;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, IDueHandler> _handlers = handlers.ToDictionary(h => h.Operation);
    private readonly DueRows _rows = new(source);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A command may send messages, and messaging starts after this.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        string[] operations = [.. _handlers.Keys];
        while (!stoppingToken.IsCancellationRequested)
        {
            if (!await RunPageAsync(operations, stoppingToken))
            {
                await signal.WaitAsync(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Whether there may be more that is due.</summary>
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
            log.LogWarning("The due table could not be read or written; the next look is in a second: {Reason}", failure.Message);
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Whether the wait has ended. A row whose command fails stays, and is tried again when its claim ends.</summary>
    private async Task<bool> TryAsync(DueRow row, CancellationToken stopping)
    {
        try
        {
            var outcome = await _handlers[row.Operation].RunAsync(row.Command, row.Context(), stopping);
            if (!outcome.Recorded)
            {
                log.LogWarning(
                    "The command {Operation} due at {DueAt} was not decided (attempt {Attempt}) and stays in the due table: {Answer}",
                    row.Operation, row.DueAt, row.Attempts, outcome.Body);
            }

            return outcome.Recorded;
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            log.LogError(
                failure, "The command {Operation} due at {DueAt} failed (attempt {Attempt}) and stays in the due table.",
                row.Operation, row.DueAt, row.Attempts);
            return false;
        }
    }
}
