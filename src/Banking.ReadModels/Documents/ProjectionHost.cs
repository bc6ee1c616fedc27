using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Documents;

/// <summary>
/// Runs the document read models, on one host at a time; another takes over when that one is gone. Should two run one of them for a moment,
/// each page is stored once: documents and progress are one transaction, which fails where the progress is not what the daemon knows.
/// </summary>
public sealed class ProjectionHost(
    DocumentModels models,
    ProjectionRunners runners,
    LogWatcher watch,
    NpgsqlDataSource source,
    ILogger<ProjectionHost> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        models.All.Count == 0
            ? Task.CompletedTask
            : Leader.RunAsync(
                source,
                ProjectionRunners.Role,
                over => Task.WhenAll(models.All.Select(m => Task.Run(() => runners.Of(m).RunAsync(watch, over), CancellationToken.None))),
                logger,
                stoppingToken);
}

/// <summary>Makes what runs a document read model; for a command without a host, runs it until it is current.</summary>
public sealed class ProjectionRunners(
    IDocumentStore store,
    ReadModelConnections connections,
    HighWaterMark mark,
    LogReader log,
    ProjectionStates states,
    NpgsqlDataSource source,
    TimeProvider clock,
    ILoggerFactory loggers)
{
    /// <summary>What the hosts of a bank elect a leader for.</summary>
    internal const string Role = "projections";

    internal ProjectionRunner Of(DocumentModel model) => new((DocumentStore)store, model, connections, mark, log, states, clock, loggers);

    /// <summary>
    /// Brings read models to the high-water mark of now, and does the rebuilds that were asked for. Where a host runs them, waits until it
    /// has.
    /// </summary>
    public async Task CatchUpAsync(IReadOnlyList<DocumentModel> models, CancellationToken ct)
    {
        var end = await mark.LookAsync(ct);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // Made once: a runner remembers that it takes events one by one, to find the one that fails.
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
