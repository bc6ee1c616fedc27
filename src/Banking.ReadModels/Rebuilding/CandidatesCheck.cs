using Banking.Commands.Periods;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>Checks that no read model is about to switch to a candidate.</summary>
internal sealed class CandidatesCheck(NpgsqlDataSource source) : IPeriodCheck
{
    public string Name => "candidates";

    public async Task<PeriodCheckResult> RunAsync(ClosingPeriod period, CancellationToken ct)
    {
        var building = (await Generation.AllAsync(source, ct)).Where(g => g.State == GenerationState.Building).ToList();
        return building.Count == 0
            ? PeriodCheckResult.Of(true, "No candidate of a read model is being built.")
            : PeriodCheckResult.Of(
                false, "A candidate of a read model is being built, and may become active. Wait for it, or cancel it.",
                [.. building.Select(g => (g.Model, g.Purpose))]);
    }
}
