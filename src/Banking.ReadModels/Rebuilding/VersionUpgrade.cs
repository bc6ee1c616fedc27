using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// Replaces active versions that are older than this host's. It requests a rebuild, or takes over a trial of the same version that waits
/// for a decision: to run a host of that version is the decision. Commands do not do this, so that a trial can be built first.
/// </summary>
public sealed class VersionUpgrade(
    IEnumerable<ReadModel> models, NpgsqlDataSource source, ReadModelConnections connections, TimeProvider clock)
{
    /// <summary>Models with a requested rebuild. One that failed or was cancelled is requested again after the next start only.</summary>
    private readonly HashSet<string> _requested = [];

    /// <summary>Does what is due now.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var all = await Generation.AllAsync(source, ct);
        foreach (var model in models)
        {
            if (all.FirstOrDefault(g => g.Model == model.Name && g.State == GenerationState.Serving) is not { } active
                || active.ModelVersion >= model.Version)
            {
                continue;
            }

            var candidate = all.FirstOrDefault(g => g.Model == model.Name && GenerationState.IsCandidate(g.State));
            if (candidate is null && !_requested.Contains(model.Name))
            {
                await RequestAsync(model, active, ct);
            }
            else if (candidate?.ModelVersion == model.Version)
            {
                _requested.Add(model.Name);
                await (GenerationState.IsWaiting(candidate.State) ? TakeOverAsync(candidate, ct) : Task.CompletedTask);
            }
        }
    }

    private async Task RequestAsync(ReadModel model, Generation active, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await ReadModelSchema.AddAsync(
            connection,
            model,
            GenerationState.Building,
            GenerationPurpose.Rebuild,
            "bank",
            $"version {model.Version} of the read model replaces version {active.ModelVersion}",
            clock.GetUtcNow());
        _requested.Add(model.Name);
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
