using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Archive;
using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Marten;
using Npgsql;

namespace Banking.Commands.Receipts;

/// <summary>
/// Completes the outcomes of repeats with their answers: the stored one, or, if that has expired, the refusal or the resource as it is
/// now. Only repeats read an answer, so a group does not.
/// </summary>
public sealed class ReplayedAnswers(
    NpgsqlDataSource source, IDocumentStore store, EventReader events, IEnumerable<ICurrentView> views)
{
    private const string Stored =
        $"select a.id, a.body from unnest($1, $2) as i(id, recorded_at) join {AnswerTable.Name} a using (recorded_at, id)";

    /// <summary>Returns the outcomes, each with an answer. Outcomes that are complete cost nothing.</summary>
    public ValueTask<IReadOnlyList<Outcome>> CompleteAsync(
        IReadOnlyList<Outcome> outcomes, Func<int, CommandContext> context, CancellationToken ct) =>
        outcomes.Any(IsIncomplete) ? new(ReadAsync(outcomes, context, ct)) : new(outcomes);

    private static bool IsIncomplete(Outcome outcome) => outcome is Outcome.Replayed { Receipt.Body: null };

    private async Task<IReadOnlyList<Outcome>> ReadAsync(
        IReadOnlyList<Outcome> outcomes, Func<int, CommandContext> context, CancellationToken ct)
    {
        var receipts = outcomes.Where(IsIncomplete).Select(o => ((Outcome.Replayed)o).Receipt).ToList();
        var stored = (await source.ListAsync(
            Stored,
            [receipts.Select(r => r.Id).ToArray(), receipts.Select(r => r.RecordedAt).ToArray()],
            row => KeyValuePair.Create(row.GetGuid(0), row.GetString(1)),
            ct)).DistinctBy(s => s.Key).ToDictionary();
        var complete = outcomes.ToArray();
        for (var i = 0; i < complete.Length; i++)
        {
            if (complete[i] is Outcome.Replayed { Receipt: { Body: null } receipt } replayed)
            {
                complete[i] = replayed with
                {
                    Receipt = stored.TryGetValue(receipt.Id, out var body)
                        ? receipt with { Body = body }
                        : await CurrentAsync(receipt, context(i), ct),
                };
            }
        }

        return complete;
    }

    private async Task<Receipt> CurrentAsync(Receipt receipt, CommandContext context, CancellationToken ct)
    {
        var (body, version) = receipt.IsAccepted ? await ResourceAsync(receipt, context, ct) : (await RefusalAsync(receipt, ct), null);
        return receipt with { Body = body ?? Outline(receipt), Version = version ?? receipt.Version };
    }

    private async Task<(string? Body, long? Version)> ResourceAsync(Receipt receipt, CommandContext context, CancellationToken ct)
    {
        try
        {
            if (receipt.EventId is not { } id || await events.FindAsync(id, ct) is not { } last)
            {
                return default;
            }

            var type = await TypeOfAsync(last.StreamId, ct);
            return views.FirstOrDefault(v => v.StreamType == type) is { } view
                && await view.FindAsync(new(context.Caller, last, receipt.Location), ct) is { } found
                ? (JsonSerializer.Serialize(found.View, found.View.GetType(), ApiJson.Options), found.Version)
                : default;
        }
        catch (Exception failure) when (failure is UnreadableEventException or ArchiveDeletedException)
        {
            return default;
        }
    }

    /// <summary>The view of the stream takes a connection too, so this one is returned first.</summary>
    private async Task<string?> TypeOfAsync(Guid stream, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await StreamDirectory.TypesOfAsync(connection, [stream], ct)).GetValueOrDefault(stream);
    }

    /// <summary>The problem document of a stored refusal, the same as it was answered first.</summary>
    private async Task<string?> RefusalAsync(Receipt receipt, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        if (receipt.EventId is not { } id || await session.LoadAsync<RecordedRefusal>(id, ct) is not { } refusal)
        {
            return null;
        }

        var facts = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(refusal.Facts, ApiJson.Options)!
            .ToDictionary(f => f.Key, f => (object)f.Value);
        return ProblemDocument.Of(
            new(RefusalKind.RuleBroken, refusal.Code, refusal.Detail, facts), refusal.CorrelationId, receipt.Status);
    }

    /// <summary>What the receipt itself knows of the answer, if nothing can be shown any more.</summary>
    private static string Outline(Receipt receipt) => JsonSerializer.Serialize(
        new { receipt.Status, receipt.Location, receipt.Version, receipt.RecordedAt }, ApiJson.Options);
}
