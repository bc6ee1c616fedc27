using Banking.Platform.Commands;
using Banking.Platform.Http;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Audit.ReadModels;

/// <summary>A condition on the index (i) or on the events themselves (e), and what it compares with.</summary>
/// <param name="Clause">All but the parameter at its end.</param>
internal readonly record struct AuditFilter(string Clause, object Value)
{
    /// <summary>Longer than any actor, type or correlation that is stored.</summary>
    private const int LongestText = 500;

    private static readonly (string Name, string Clause)[] Texts =
        [("actor", "i.actor = "), ("type", "i.type = "), ("correlationId", "i.correlation = ")];

    private static readonly (string Name, string Clause)[] Instants = [("from", "i.recorded_at >= "), ("to", "i.recorded_at < ")];

    /// <summary>What the query asks for, or what is wrong with it.</summary>
    public static (IReadOnlyList<AuditFilter> Filters, Refusal? Problem) Read(HttpRequest request)
    {
        var filters = new List<AuditFilter>();
        var problem = Id(request, "eventId", "e.id = ", IsEvent, "evt_…", filters)
            ?? Id(request, "account", "e.stream_id = ", IsAccount, "acc_…", filters)
            ?? Id(request, "stream", "e.stream_id = ", IsStream, "acc_…, cus_… or its digits alone", filters);
        foreach (var (name, clause) in Texts)
        {
            if (request.Query.TryGetValue(name, out var text))
            {
                filters.Add(new(clause, text.ToString()));
                problem ??= PlainText.Problem(text.ToString(), LongestText) is { } why ? Problems.Malformed("malformed_filter", $"{name}: {why}") : null;
            }
        }

        foreach (var (name, clause) in Instants)
        {
            var (instant, unfit) = InstantQuery.Read(request, name);
            problem ??= unfit;
            if (instant is { } at)
            {
                filters.Add(new(clause, at.UtcDateTime));
            }
        }

        return (filters, problem);
    }

    private delegate bool IdParser(string text, out Guid id);

    private static Refusal? Id(HttpRequest request, string name, string clause, IdParser parse, string expected, List<AuditFilter> filters)
    {
        if (!request.Query.TryGetValue(name, out var text))
        {
            return null;
        }

        if (!parse(text.ToString(), out var id))
        {
            return Problems.Malformed("malformed_filter", $"{name} is an id as this bank gives it: {expected}");
        }

        filters.Add(new(clause, id));
        return null;
    }

    private static bool IsEvent(string text, out Guid id) => PublicId.TryParse("evt", text, out id);

    private static bool IsAccount(string text, out Guid id) => PublicId.TryParse("acc", text, out id);

    /// <summary>The id of anything that has events, with or without the prefix that says what it is: streams share one space of ids.</summary>
    private static bool IsStream(string text, out Guid id) =>
        Guid.TryParseExact(text[(text.IndexOf('_', StringComparison.Ordinal) + 1)..], "N", out id);
}
