using Banking.Commands.Operators;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// Replaces active versions that are older than this host's. It requests a rebuild, or takes over a trial of the same version that waits
/// for a decision: to run a host of that version is the decision. Commands do not do this, so that a trial can be built first.
/// </summary>
public sealed class VersionUpgrade(
    IEnumerable<ReadModel> models,
    NpgsqlDataSource source,
    ReadModelConnections connections,
    Rebuild rebuild,
    TimeProvider clock,
    ILogger<VersionUpgrade> logger)
{
    /// <summary>Models with a requested rebuild. One that failed or was cancelled is requested again after the next start only.</summary>
    private readonly HashSet<string> _requested = [];

    /// <summary>The candidates that were logged as the reason why a model waits.</summary>
    private readonly HashSet<(string Model, int Number)> _logged = [];

    /// <summary>Does what is due now.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var all = await Generation.AllAsync(source, ct);
        foreach (var model in models)
        {
            if (all.FirstOrDefault(g => g.Model == model.Name && g.State == GenerationState.Active) is not { } active
                || active.ModelVersion >= model.Version)
            {
                continue;
            }

            var candidate = all.FirstOrDefault(g => g.Model == model.Name && GenerationState.IsCandidate(g.State));
            if (candidate?.ModelVersion == model.Version && !IsOfCommand(candidate))
            {
                _requested.Add(model.Name);
                await (GenerationState.IsWaiting(candidate.State) ? TakeOverAsync(candidate, ct) : Task.CompletedTask);
            }
            else if (!_requested.Contains(model.Name) && (candidate is null || await RemoveAsync(model, candidate, ct)))
            {
                await RequestAsync(model, active, ct);
            }
        }
    }

    /// <summary>Whether only a command may build this candidate.</summary>
    private static bool IsOfCommand(Generation candidate) =>
        candidate is { State: GenerationState.Building, Purpose: GenerationPurpose.CommandTrial };

    /// <summary>
    /// Cancels a candidate that no host of this version can complete: of a lower version, or of a command that died. A living command has
    /// the lock.
    /// </summary>
    /// <returns>False if it must stay.</returns>
    private async Task<bool> RemoveAsync(ReadModel model, Generation candidate, CancellationToken ct)
    {
        var connection = await connections.OpenAsync(ct);
        try
        {
            if (
                (candidate.ModelVersion < model.Version || IsOfCommand(candidate))
                && await RebuildLock.TryAcquireAsync(connection, model.Name, ct)
                && await Generation.CandidateAsync(connection, model.Name, locked: false, ct) is { } found
                && found.Number == candidate.Number
                && (found.ModelVersion < model.Version || IsOfCommand(found)))
            {
                var why = OperatorAction.OfTheBank($"version {model.Version} of the read model is deployed");
                return await rebuild.CancelAsync(model, why, ct, found.Number);
            }
        }
        finally
        {
            await RebuildLock.CloseAsync(connection);
        }

        if (_logged.Add((model.Name, candidate.Number)))
        {
            logger.LogWarning(
                "Version {Version} of {Model} is not built yet: candidate {Generation} of version {CandidateVersion} ({Purpose}, {State}) "
                    + "blocks it. Let the hosts of its version or its command complete it, or run projections drop",
                model.Version, model.Name, candidate.Number, candidate.ModelVersion, candidate.Purpose, candidate.State);
        }

        return false;
    }

    private async Task RequestAsync(ReadModel model, Generation active, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        var number = await ReadModelSchema.AddAsync(
            connection,
            model.Name,
            model.Version,
            GenerationState.Building,
            GenerationPurpose.Rebuild,
            "bank",
            $"version {model.Version} of the read model replaces version {active.ModelVersion}",
            clock.GetUtcNow());
        if (number is not null)
        {
            _requested.Add(model.Name);
        }
    }

    private async Task TakeOverAsync(Generation trial, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await ReadModelSchema.ExecuteAsync(
            connection,
            $"""
            update {Generation.Table} set purpose = '{GenerationPurpose.Rebuild}', state = '{GenerationState.Building}',
                finished_at = null, outcome = null, differences = null
            where name = $1 and generation = $2 and state in ('{GenerationState.Differs}', '{GenerationState.Equal}')
            """,
            trial.Model,
            trial.Number);
    }
}
