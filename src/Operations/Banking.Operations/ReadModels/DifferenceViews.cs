using System.Text.Json;
using Banking.EventStore.Json;
using Banking.EventStore.Published;
using Banking.ReadModels.Books;

namespace Banking.Operations.ReadModels;

/// <summary>Stored data that differs from the log, or a part of the log that contradicts itself.</summary>
/// <param name="Model">The read model, or the other data that was compared: log, receipts, refusals and so on.</param>
/// <param name="Table">The table, by its plain name.</param>
/// <param name="Stream">
/// The stream that the row belongs to, such as acc_…; without a prefix if the log does not have it; left out for a row of sums.
/// </param>
/// <param name="Expected">The row that the log gives, as JSON; left out if there should be none.</param>
/// <param name="Found">The stored row, as JSON; left out if it is missing.</param>
/// <param name="Id">The database's id of a row that belongs to no stream, such as a receipt.</param>
/// <param name="Remedy">
/// repair: repeat the request with repair=true; rebuild: rebuild the read model; left out: not from the log, find out what happened, or
/// the answer does not say.
/// </param>
public sealed record LogDifferenceView(
    string Model, string Table, string? Stream, string? Expected, string? Found, Guid? Id, string? Remedy = null);

/// <summary>Writes differences with the public ids of their streams.</summary>
public sealed class DifferenceViews(PublicStreams streams)
{
    /// <param name="remedy">The remedy of a difference; null if the answer does not say it.</param>
    public async Task<IReadOnlyList<LogDifferenceView>> OfAsync(
        IReadOnlyList<Difference> differences, CancellationToken ct, Func<Difference, string?>? remedy = null)
    {
        var ids = await streams.FormatAsync(differences.Select(d => d.Stream).OfType<Guid>(), ct);
        return
        [
            .. differences.Select(d => new LogDifferenceView(
                d.Model, d.Table, d.Stream is { } stream ? ids[stream] : null, d.Expected, d.Found, d.Id, remedy?.Invoke(d))),
        ];
    }

    /// <summary>The answer for a generation, with its differences.</summary>
    public async Task<GenerationView> OfAsync(Generation generation, CancellationToken ct)
    {
        var view = GenerationView.Of(generation);
        return generation.Differences is not { } stored ? view : view with
        {
            Differences = await OfAsync(JsonSerializer.Deserialize<IReadOnlyList<Difference>>(stored, ApiJson.Options)!, ct),
        };
    }
}
