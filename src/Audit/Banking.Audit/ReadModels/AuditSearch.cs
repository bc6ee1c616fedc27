using System.Globalization;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Http;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Audit.ReadModels;

/// <summary>
/// What is searched for, and the statement that finds its places in the log, newest first: latest recorded, and of those the last in the
/// log. Instants lead the order, because places follow them only nearly, and who asks about last year must not be led there through all
/// that was recorded since; each index of the model has both.
/// </summary>
internal sealed class AuditSearch
{
    /// <summary>Longer than any actor, type or correlation that is stored.</summary>
    private const int LongestText = 500;

    private const string Index = AuditModule.Schema + "." + AuditModel.Index;

    private static readonly (string Name, string Column)[] Texts =
    [
        ("actor", "i.actor"),
        ("type", "i.type"),
        ("correlationId", "i.correlation"),
    ];

    private static readonly (string Name, string Clause)[] Times = [("from", "i.recorded_at >="), ("to", "i.recorded_at <")];

    private readonly List<string> _clauses = [];
    private readonly List<object> _values = [];

    /// <summary>One event or one stream: the log has indexes of its own for these, and on a stream its versions are the order.</summary>
    private bool _isOfLog;

    private delegate bool IdParser(string text, out Guid id);

    public IReadOnlyList<object> Values => _values;

    /// <summary>What the query asks for, or what is wrong with it.</summary>
    public static (AuditSearch Search, Refusal? Problem) Read(HttpRequest request)
    {
        var search = new AuditSearch();
        var problem = search.AddId(
            request, "eventId", "e.id =", (string text, out Guid id) => PublicId.TryParse("evt", text, out id), "evt_…")
            ?? search.AddId(
                request, "account", "e.stream_id =", (string text, out Guid id) => PublicId.TryParse("acc", text, out id), "acc_…")
            ?? search.AddId(request, "stream", "e.stream_id =", IsStream, "acc_…, cus_…, ref_… or its digits alone");
        foreach (var (name, column) in Texts)
        {
            if (request.Query.TryGetValue(name, out var text))
            {
                problem ??= PlainText.Problem(text.ToString(), LongestText) is { } why
                    ? Problems.Malformed("malformed_filter", $"{name}: {why}")
                    : null;
                var value = search.Parameter(text.ToString());
                search._clauses.Add($"{AuditModel.Hash(column)} = {AuditModel.Hash(value)} and {column} = {value}");
            }
        }

        DateTimeOffset? begin = null;
        foreach (var (name, clause) in Times)
        {
            var (instant, unfit) = InstantQuery.Read(request, name);
            problem ??= unfit ?? (begin > instant ? DateQuery.Reversed : null);
            begin = instant;
            if (instant is { } at)
            {
                search.Add(clause, at.UtcDateTime);
            }
        }

        return (search, problem ?? InstantQuery.ZoneProblem(request, "from", "to"));
    }

    /// <summary>The same search from the place on where a page ended.</summary>
    public AuditSearch After(long position)
    {
        var place = Parameter(position);
        _clauses.Add(_isOfLog
            ? $"e.version < (select l.version from {PlatformModule.EventSchema}.mt_events l where l.seq_id = {place})"
            : $"(i.recorded_at, i.position) < ((select l.recorded_at from {Index} l where l.position = {place}), {place})");
        return this;
    }

    public string Places(int limit)
    {
        var (from, order) = _isOfLog
            ? ($"{PlatformModule.EventSchema}.mt_events e join {Index} i on i.position = e.seq_id", "e.version desc")
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
            return Problems.Malformed("malformed_filter", $"{name} is an id as this bank gives it: {expected}");
        }

        _isOfLog = true;
        Add(clause, id);
        return null;
    }

    private void Add(string clause, object value) => _clauses.Add($"{clause} {Parameter(value)}");

    private string Parameter(object value)
    {
        _values.Add(value);
        return "$" + _values.Count.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The id of anything that has events, with or without the prefix that says what it is: streams share one space of ids.
    /// </summary>
    private static bool IsStream(string text, out Guid id) =>
        Exact.TryId(text[(text.IndexOf('_', StringComparison.Ordinal) + 1)..], out id);
}
