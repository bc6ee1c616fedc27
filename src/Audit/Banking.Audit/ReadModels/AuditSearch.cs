using System.Globalization;
using Banking.Commands.Decisions;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Audit.ReadModels;

/// <summary>
/// The filters of a search, and the SQL that finds its positions in the log, newest first: by recorded time, then by position. Recorded
/// times do not strictly rise with positions, and a search of last year must not scan everything recorded since; so time comes first in the
/// order and in each index of the model.
/// </summary>
internal sealed class AuditSearch
{
    /// <summary>Longer than any stored actor, type or correlation.</summary>
    private const int MaxTextLength = 500;

    private const string Index = AuditModule.Schema + "." + AuditModel.Index;

    private static readonly (string Name, string Column)[] Texts =
    [
        ("actor", "i.actor"),
        ("type", "i.type"),
        ("correlationId", "i.correlation"),
    ];

    private readonly List<string> _clauses = [];
    private readonly List<object> _values = [];

    /// <summary>Whether the search is for one event or one stream: the log's own indexes find these, and versions give the order.</summary>
    private bool _usesLogIndexes;

    private delegate bool IdParser(string text, out Guid id);

    public IReadOnlyList<object> Values => _values;

    /// <summary>Reads the filters of a query, or returns the problem with them.</summary>
    public static (AuditSearch Search, Refusal? Problem) Read(HttpRequest request)
    {
        var search = new AuditSearch();
        var problem = search.AddId(
            request, "eventId", "e.id =", (string text, out Guid id) => PublicId.TryParse("evt", text, out id), "evt_…")
            ?? search.AddId(
                request, "account", "e.stream_id =", (string text, out Guid id) => PublicId.TryParse("acc", text, out id), "acc_…")
            ?? search.AddId(request, "stream", "e.stream_id =", IsStream, "acc_…, cus_…, ref_… or only its digits");
        foreach (var (name, column) in Texts)
        {
            if (request.Query.TryGetValue(name, out var text))
            {
                problem ??= PlainText.Problem(text.ToString(), MaxTextLength) is { } why
                    ? Refusal.Malformed("malformed_filter", $"{name}: {why}")
                    : null;
                var value = search.Parameter(text.ToString());
                search._clauses.Add($"{AuditModel.Hash(column)} = {AuditModel.Hash(value)} and {column} = {value}");
            }
        }

        var (recorded, unfit) = Interval.Read(request, "from", "to");
        problem ??= unfit;
        search.AddBound("i.recorded_at >=", recorded.From);
        search.AddBound("i.recorded_at <", recorded.To);
        return (search, problem ?? InstantQuery.ZoneProblem(request));
    }

    /// <summary>Continues the search after the last position of a page.</summary>
    public AuditSearch After(long position)
    {
        var last = Parameter(position);
        _clauses.Add(_usesLogIndexes
            ? $"e.version < (select l.version from {SchemaNames.Events}.mt_events l where l.seq_id = {last})"
            : $"(i.recorded_at, i.position) < ((select l.recorded_at from {Index} l where l.position = {last}), {last})");
        return this;
    }

    /// <summary>The SQL that selects the positions of a page.</summary>
    public string Positions(int limit)
    {
        var (from, order) = _usesLogIndexes
            ? ($"{SchemaNames.Events}.mt_events e join {Index} i on i.position = e.seq_id", "e.version desc")
            : ($"{Index} i", "i.recorded_at desc, i.position desc");
        var where = _clauses.Count == 0 ? "" : " where " + string.Join(" and ", _clauses);
        return $"select i.position, i.recorded_at from {from}{where} order by {order} limit {Parameter(limit)}";
    }

    private Refusal? AddId(HttpRequest request, string name, string clause, IdParser parse, string expected)
    {
        if (!request.Query.TryGetValue(name, out var text))
        {
            return null;
        }

        if (!parse(text.ToString(), out var id))
        {
            return Refusal.Malformed("malformed_filter", $"{name} is an id of this bank: {expected}");
        }

        _usesLogIndexes = true;
        Add(clause, id);
        return null;
    }

    private void AddBound(string clause, DateTimeOffset? instant)
    {
        if (instant is { } bound)
        {
            Add(clause, bound.UtcDateTime);
        }
    }

    private void Add(string clause, object value) => _clauses.Add($"{clause} {Parameter(value)}");

    private string Parameter(object value)
    {
        _values.Add(value);
        return "$" + _values.Count.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The id of any stream, with or without the prefix of its kind: all streams share one space of ids.
    /// </summary>
    private static bool IsStream(string text, out Guid id) =>
        Exact.TryId(text[(text.IndexOf('_', StringComparison.Ordinal) + 1)..], out id);
}
