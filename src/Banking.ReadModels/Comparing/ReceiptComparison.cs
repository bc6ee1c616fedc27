using System.Globalization;
using System.Text.Json;
using Banking.Commands.Receipts;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Compares receipts with events in both directions. The id of a receipt is derived from the caller, operation and key in its event's
/// headers. So the comparison finds a receipt that was deleted or moved to another caller, and an event whose headers were changed. A
/// receipt names its event. Its status, location, version and answer are those that the log gives (<see cref="AnswerRule"/>).
/// </summary>
public sealed class ReceiptComparison(
    IEnumerable<StreamKind> kinds, IEnumerable<ReceiptRule> rules, IEnumerable<AnswerRule> answerRules,
    IEnumerable<ImportRule> importRules, ArchivedEvents archive, LogReader log)
    : StoredComparison
{
    public const string Table = "receipt";

    private const string Receipts = "receipts";

    private static readonly Dictionary<Guid, IReadOnlyList<IEvent>> NoStreams = [];

    private readonly string[] _streamTypes = [.. kinds.Where(k => k.HasReceipts).Select(k => k.Type)];
    private readonly ReceiptCheck _check = new([.. rules]);
    private readonly Dictionary<string, AnswerRule> _answerRules = answerRules.ToDictionary(r => r.StreamType, StringComparer.Ordinal);
    private readonly IReadOnlyList<ImportRule> _importRules = [.. importRules];

    public override string Name => Receipts;

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var differences = new List<Difference>();
        var answers = new MadeAnswers(_answerRules, events);
        await foreach (var page in ReceiptedEvents.PagesAsync(snapshot, streams, archive, ct))
        {
            foreach (var e in page)
            {
                if (HeaderRule(e) is { } rule)
                {
                    differences.Add(HeaderDifference(e, rule));
                }
            }

            differences.AddRange(await CompareAsync(snapshot, page, (e, receipt) => _check.Broken(e, receipt, answers), ct));
        }

        return differences;
    }

    /// <summary>
    /// Compares the receipts of a long stream with the answers that its states give. <see cref="OfStreamsAsync"/> compares all else.
    /// </summary>
    public override async Task<IReadOnlyList<Difference>> OfLongStreamAsync(NpgsqlConnection snapshot, Guid stream, CancellationToken ct)
    {
        if (await DeletedPart.FindAsync(snapshot, stream, ct) is { Version: > 0 })
        {
            // No state is known to begin with.
            return [];
        }

        var differences = new List<Difference>();
        var answers = new MadeAnswers(_answerRules, NoStreams);
        answers.Begin(stream);
        await foreach (var page in ReceiptedEvents.PagesAsync(snapshot, StreamSelection.Of(stream), archive, ct))
        {
            await foreach (var events in log.ReadStreamAsync(snapshot, stream, page[^1].Position, ct, answers.LastVersion + 1))
            {
                answers.Add(events);
            }

            differences.AddRange(
                await CompareAsync(snapshot, page, (e, receipt) => ReceiptCheck.BrokenByAnswer(e, receipt, answers), ct));
        }

        return differences;
    }

    public override async Task<IReadOnlyList<Difference>> OfIdsAsync(NpgsqlConnection snapshot, StreamSelection ids, CancellationToken ct)
    {
        var found = await ids.ListAsync(
            snapshot, EventOfReceipt.Select + $"where {ids.On("r.id")}", [], EventOfReceipt.Read, ct);
        var missing = await EarlierRefusals.MissingAsync(
            snapshot, [.. found.Where(r => r.IsOfEarlierRefusal).Select(r => (r.Id, r.RecordedAt))], ct);
        return
        [
            .. found
                .Select(r => r with { BrokenRule = missing.Contains(r.Id) ? "its refusal is stored" : r.BrokenRule })
                .Where(r => r.BrokenRule is not null)
                .Select(r => new Difference(
                    Name, Table, r.Stream, Text(new { rule = r.BrokenRule }), Text(new { id = r.Id, eventId = r.EventId }), r.Id))
                .Take(MaxDifferences),
        ];
    }

    /// <summary>Returns the rule that the headers of an event break; null if they break none.</summary>
    private string? HeaderRule(ReceiptedEvent e) =>
        e.IsDeleted ? null
        : e.IsImported ? ImportedEvents.Problem(e, _importRules)
        : e.ReceiptId is null ? "actor, operation and key are kept with each event"
        // Actions of operators have no receipt. Their key is the id of the event.
        : !_streamTypes.Contains(e.StreamType) && e.Key != e.Id.ToString("N") ? "the key is the id of the event"
        : null;

    private bool HasReceipt(ReceiptedEvent e) =>
        e is { IsDeleted: false, IsImported: false, ReceiptId: not null } && _streamTypes.Contains(e.StreamType);

    /// <summary>Compares the receipts of those events that have one.</summary>
    private async Task<IEnumerable<Difference>> CompareAsync(
        NpgsqlConnection snapshot, IEnumerable<ReceiptedEvent> page, Func<ReceiptedEvent, ReceiptRow, string?> broken, CancellationToken ct)
    {
        List<ReceiptedEvent> events = [.. page.Where(HasReceipt)];
        if (events.Count == 0)
        {
            return [];
        }

        // One row for each event, in the same order.
        var next = 0;
        var differences = await snapshot.ListAsync(
            ReceiptRow.Select,
            [events.Select(e => e.ReceiptId!.Value).ToArray(), events.Select(e => e.Position).ToArray()],
            row => Difference(events[next++], ReceiptRow.Read(row), broken),
            ct,
            timeoutSeconds: 0);
        return differences.OfType<Difference>();
    }

    private static Difference? Difference(ReceiptedEvent e, ReceiptRow receipt, Func<ReceiptedEvent, ReceiptRow, string?> broken)
    {
        if (e.StreamType == CommandRefused.StreamType
            && receipt.Refusal is { } refusal
            && RefusalAnswer.FactsOf(refusal) is { ValueKind: JsonValueKind.Object } facts
            && facts.TryGetProperty("batchIndex", out _))
        {
            // A refusal of one item in a batch has no receipt: the key stays free, and a later command may have used it.
            return null;
        }

        if (receipt.Id is not { } id)
        {
            return new(Receipts, Table, e.Stream, Text(new { id = e.ReceiptId, eventId = e.Id, position = e.Position }), null);
        }

        return broken(e, receipt) is { } rule
            ? new(Receipts, Table, e.Stream, Text(new { rule, position = e.Position }), Text(new { id }), id)
            : receipt.EventId is null || receipt.HasSameHeaders ? null
            : HeaderDifference(e, "all events of a command have the same headers");
    }

    private static Difference HeaderDifference(ReceiptedEvent e, string rule) => new(
        StreamComparison.LogName, StreamComparison.Event, e.Stream, Text(new { rule, position = e.Position }),
        Text(new { id = e.Id, version = e.Version.ToString(CultureInfo.InvariantCulture), actor = e.Actor, operation = e.Operation }));
}
