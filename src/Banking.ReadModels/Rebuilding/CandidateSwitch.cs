using Banking.Commands.Operators;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>Makes the candidate of a book its active version.</summary>
public sealed class CandidateSwitch(
    ReadModelConnections connections,
    ReadModelWriter writer,
    ReadModelLog operatorLog,
    TimeProvider clock,
    ILogger<CandidateSwitch> logger)
{
    /// <summary>Makes the candidate the active version, in one transaction with the last events that it lacks.</summary>
    /// <param name="state">The state that the candidate must have: building for a rebuild; null for any that waits for a decision.</param>
    /// <returns>False if there is no candidate in that state, or its version is not that of this host.</returns>
    internal async Task<bool> SwitchAsync(ReadModel model, string? state, OperatorAction action, CancellationToken ct)
    {
        bool Fits(Generation g) => (state is null ? GenerationState.IsWaiting(g.State) : g.State == state)
            && g.ModelVersion == model.Version;
        if (await CatchUpAsync(model, Fits, ct) is not { } number)
        {
            return false;
        }

        var (isSwitched, old) = await SwitchToAsync(model, number, Fits, action, ct);
        if (isSwitched && old is { } retired)
        {
            await DropAsync(model, retired);
        }

        return isSwitched;
    }

    /// <summary>
    /// Drops the tables of the former version. Readers are switched, so a failure or a caller that goes away ends nothing.
    /// </summary>
    private async Task DropAsync(ReadModel model, int retired)
    {
        try
        {
            await using var connection = await connections.OpenAsync(CancellationToken.None);
            await ReadModelSchema.DropAsync(connection, model, retired);
        }
        catch (NpgsqlException failure)
        {
            logger.LogWarning(
                failure, "The tables of generation {Generation} of {Model} could not be dropped; the next start of a host drops them",
                retired, model.Name);
        }
    }

    /// <returns>Whether readers were switched, and the number of the active version before; false if it is no candidate any more.</returns>
    private async Task<(bool IsSwitched, int? Old)> SwitchToAsync(
        ReadModel model, int number, Func<Generation, bool> fits, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Always lock the active version first. While it is locked no host moves it forward.
        var active = await Generation.ActiveAsync(connection, model.Name, locked: true, ct);
        if (
            await Generation.CandidateAsync(connection, model.Name, locked: true, ct) is not { } candidate
            || candidate.Number != number
            || !fits(candidate))
        {
            return (false, null);
        }

        candidate = active is null ? candidate : await writer.CatchUpAsync(connection, model, candidate, active.Position, ct);

        var now = clock.GetUtcNow();
        await CandidateEnd.SetAsync(connection, model.Name, active?.Number, GenerationState.Retired, now, null, null);
        await CandidateEnd.SetAsync(connection, model.Name, number, GenerationState.Active, now, GenerationState.Active, null);
        await ReadModelSchema.SwitchViewsAsync(connection, model, number);
        await CandidateDifferences.DeleteAsync(connection, model.Name);
        await operatorLog.RecordAsync(
            transaction,
            model.Name,
            new RebuildFinished(model.Name, number, GenerationState.Active, candidate.Position, 0, now),
            action,
            ct);
        await transaction.CommitAsync(ct);
        return (true, active?.Number);
    }

    /// <summary>Brings the candidate nearly to the end of the log, so that the switch takes little time.</summary>
    private async Task<int?> CatchUpAsync(ReadModel model, Func<Generation, bool> fits, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        if (await Generation.CandidateAsync(connection, model.Name, locked: false, ct) is not { } candidate || !fits(candidate))
        {
            return null;
        }

        await writer.FillAsync([(model, candidate.Number)], ct);
        return candidate.Number;
    }
}
