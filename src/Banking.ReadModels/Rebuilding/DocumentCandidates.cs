using System.Data;
using Banking.Commands.Operators;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Documents;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// Builds candidates of document read models: Marten's daemon projects the log into a schema of the candidate, and the documents are
/// compared with those that serve, at the same position. The candidate's documents are dropped then; its differences stay until an operator
/// decides. To switch is to rebuild the documents that serve.
/// </summary>
public sealed class DocumentCandidates(
    DocumentModels models,
    StoreConfiguration configuration,
    ReadModelConnections connections,
    NpgsqlDataSource source,
    HighWaterMark highWaterMark,
    ProjectionStates states,
    CandidateRequests requests,
    CandidateEnd ending,
    TimeProvider clock,
    ILoggerFactory loggers)
{
    /// <summary>Columns that say how a document was written, and not what it says.</summary>
    private static readonly string[] IgnoredColumns = ["mt_last_modified", "mt_dotnet_type", "mt_version"];

    /// <summary>Requests a candidate, which any host builds.</summary>
    /// <returns>Its number; null if there is one already.</returns>
    public async Task<int?> RequestAsync(DocumentModel model, OperatorAction action, CancellationToken ct)
    {
        return (await requests.RequestAsync([(model.Name, model.Version)], GenerationPurpose.Trial, action, ct))?[model.Name];
    }

    /// <summary>Drops the candidate; false if there is none.</summary>
    /// <param name="number">Only this candidate; null for whichever there is.</param>
    /// <param name="purpose">Only a candidate of this purpose; null for any.</param>
    public Task<bool> CancelAsync(
        DocumentModel model, OperatorAction action, CancellationToken ct, int? number = null, string? purpose = null)
    {
        return ending.EndAsync(model.Name, number, GenerationState.Cancelled, null, Drop(model), action, ct, purpose);
    }

    /// <summary>Requests a rebuild of the documents that serve, and drops the candidate.</summary>
    /// <returns>False if the candidate is still being built, or a rebuild is running.</returns>
    public async Task<bool> SwitchAsync(DocumentModel model, Generation candidate, OperatorAction action, CancellationToken ct)
    {
        return GenerationState.IsWaiting(candidate.State)
            && await states.RequestRebuildAsync(model, action, ct)
            // The rebuild is requested: a caller that goes away now must not leave the candidate.
            && await CancelAsync(model, action, CancellationToken.None, candidate.Number);
    }

    /// <inheritdoc cref="CandidateRequests.TryOutAsync"/>
    public Task<int?> TryOutAsync(DocumentModel model, OperatorAction action, CancellationToken ct)
    {
        return requests.TryOutAsync(model.Name, model.Version, Drop(model), c => BuildAsync(model, c, ct), action, ct);
    }

    /// <summary>Builds the requested candidates, except those that another process builds.</summary>
    /// <returns>Whether there was any.</returns>
    public async Task<bool> RunAsync(CancellationToken ct)
    {
        var runs = new List<Task<bool>>();
        foreach (var due in await requests.DueAsync(ct))
        {
            if (models.Find(due.Model) is { } model && model.Version == due.ModelVersion)
            {
                // One after the other. A failure is thrown when all have run: it does not keep the others from being built.
                runs.Add(RunAsync(model, due, ct));
                await ((Task)runs[^1]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return (await Task.WhenAll(runs)).Contains(true);
    }

    private async Task<bool> RunAsync(DocumentModel model, Generation due, CancellationToken ct)
    {
        if (await requests.LockAsync(due, ct) is not { } locked)
        {
            return false;
        }

        try
        {
            await BuildAsync(model, locked, ct);
            return true;
        }
        finally
        {
            await RebuildLock.CloseAsync(locked.Connection);
        }
    }

    private async Task BuildAsync(DocumentModel model, LockedCandidate locked, CancellationToken ct)
    {
        var number = locked.Generation.Number;
        // An earlier process may have ended in the middle.
        await CandidateStore.DropAsync(locked.Connection, model, number);
        try
        {
            using var store = CandidateStore.Create(configuration, connections, model, number);
            await store.CreateAsync(locked.Connection);
            await using var daemon = new CandidateDaemon(store, locked, connections, highWaterMark, states, clock, loggers);
            if (await CompareAsync(model, store, daemon, number, ct) is { } result)
            {
                var (state, why) = result.Outcome;
                await ending.EndAsync(model.Name, number, state, result, Drop(model), OperatorAction.OfTheBank(why), ct);
            }
        }
        finally
        {
            await CandidateStore.DropAsync(locked.Connection, model, number);
        }
    }

    /// <returns>Null if the candidate was cancelled, or is paused before an event that cannot be projected.</returns>
    private async Task<CandidateResult?> CompareAsync(
        DocumentModel model, CandidateStore store, CandidateDaemon daemon, int number, CancellationToken ct)
    {
        await using var holding = await connections.OpenAsync(ct);
        if (await ServedDocuments.FindAsync(model, holding, ct) is not { } served)
        {
            await daemon.PauseAsync(null, "No host has projected it yet: there is nothing to compare with.");
            return null;
        }

        // Nearly to the position of what serves, before that is held still.
        for (var reached = -1L; served.Position - reached > ReadModelWriter.PageSize;)
        {
            reached = served.Position;
            if (!await daemon.AdvanceAsync(reached, ct))
            {
                return null;
            }

            served = await served.ReadAgainAsync(holding, locked: false, ct);
        }

        await using var snapshot = await source.OpenConnectionAsync(ct);
        await using var transaction = await TakeSnapshotAsync(snapshot, holding, served, daemon, ct);
        if (transaction is null)
        {
            return null;
        }

        var table = new ComparedTable(
            "documents", store.Model.Table, served.Table, ["id"], model.Fold is null ? null : "id");
        var (rows, first) = await CandidateComparison.RunAsync(snapshot, model.Name, number, [table], ct, IgnoredColumns);
        await transaction.CommitAsync(ct);
        return new(rows, first, IsWrong: false);
    }

    /// <summary>Takes a snapshot in which both sides include the same events.</summary>
    private static async Task<NpgsqlTransaction?> TakeSnapshotAsync(
        NpgsqlConnection snapshot, NpgsqlConnection holding, ServedDocuments served, CandidateDaemon daemon, CancellationToken ct)
    {
        await using var hold = await holding.BeginTransactionAsync(ct);
        var held = await served.ReadAgainAsync(holding, locked: true, ct);
        if (held.Position < daemon.Position)
        {
            throw new InvalidOperationException($"The documents of {held.Shard} were begun again meanwhile.");
        }

        if (!await daemon.AdvanceAsync(held.Position, ct))
        {
            return null;
        }

        var transaction = await snapshot.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        // The first statement takes the snapshot.
        await ReadModelSchema.ExecuteAsync(snapshot, "select 1");
        // Fails if the lock was lost meanwhile: then the documents may have moved on.
        await hold.CommitAsync(ct);
        return transaction;
    }

    private static DropTables Drop(DocumentModel model) => (connection, number) => CandidateStore.DropAsync(connection, model, number);
}
