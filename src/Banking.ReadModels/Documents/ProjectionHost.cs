using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Documents;

/// <summary>
/// Runs the document read models on one host at a time; another host takes over when that host ends. If two hosts overlap for a moment,
/// each page is still stored once: documents and progress are one transaction, which fails if another host moved the progress.
/// </summary>
public sealed class ProjectionHost(
    DocumentModels models,
    ProjectionRunners runners,
    LogWatcher watcher,
    LogReader log,
    NpgsqlDataSource source,
    ILogger<ProjectionHost> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        models.All.Count == 0
            ? Task.CompletedTask
            : Leader.RunAsync(
                source,
                ProjectionRunners.Role,
                over => Task.WhenAll(models.All.Select(m => Task.Run(() => runners.Of(m).RunAsync(watcher, over), CancellationToken.None))),
                logger,
                stoppingToken,
                unknownTypes: () => log.UnknownTypes);
}

/// <summary>Creates the runners of document read models. For a command without a host, runs them until they are current.</summary>
public sealed class ProjectionRunners(
    IDocumentStore store,
    ReadModelConnections connections,
    HighWaterMark highWaterMark,
    LogReader log,
    ProjectionStates states,
    NpgsqlDataSource source,
    TimeProvider clock,
    ILoggerFactory loggers)
{
    /// <summary>The role for which the hosts of a bank elect a leader.</summary>
    internal const string Role = "projections";

    internal ProjectionRunner Of(DocumentModel model) =>
        new((DocumentStore)store, model, connections, highWaterMark, log, states, clock, loggers);

    /// <summary>
    /// Brings read models to the present high-water mark and runs the requested rebuilds. If a host runs the read models, waits for that
    /// host.
    /// </summary>
    public async Task CatchUpAsync(IReadOnlyList<DocumentModel> models, CancellationToken ct)
    {
        var end = await highWaterMark.LookAsync(ct);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // Created once: a runner keeps the state of its search for a failing event.
        var runners = models.Select(Of).ToList();
        var leading = Leader.RunAsync(
            source,
            Role,
            over => Task.WhenAll(runners.Select(r => r.CatchUpAsync(over))),
            loggers.CreateLogger<ProjectionRunners>(),
            done.Token);
        while (!await IsCurrentAsync(models, end, ct))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, ct);
        }

        await done.CancelAsync();
        await leading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<bool> IsCurrentAsync(IReadOnlyList<DocumentModel> models, long end, CancellationToken ct)
    {
        foreach (var model in models)
        {
            if (await states.OfAsync(model, ct) is { PausedAt: null } status && (status.IsRebuildDue || status.Position < end))
            {
                return false;
            }
        }

        return true;
    }
}
