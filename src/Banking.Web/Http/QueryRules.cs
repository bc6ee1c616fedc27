using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>
/// Refuses unknown and repeated query parameters before the endpoint runs, so that no parameter is ignored. An endpoint's
/// <see cref="IQueryParameters"/> are known; without them every parameter is unknown.
/// </summary>
public static class QueryRules
{
    private const int MaxShownLength = 100;

    /// <summary>The problem of the query, or null.</summary>
    public static Refusal? Problem(HttpRequest request, Endpoint endpoint)
    {
        if (!request.QueryString.HasValue)
        {
            return null;
        }

        var known = endpoint.Metadata.GetOrderedMetadata<IQueryParameters>().SelectMany(p => p.Parameters).Select(p => p.Name).ToList();
        foreach (var (name, values) in request.Query)
        {
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                return Unknown(name, known);
            }

            if (values.Count != 1)
            {
                return Refusal.Of(
                    RefusalKind.Malformed, "repeated_parameter", $"{name} is given {values.Count} times; give it once.",
                    ("parameter", name));
            }
        }

        return null;
    }

    private static Refusal Unknown(string name, List<string> known)
    {
        var nearest = known.Where(k => IsNear(name, k)).MinBy(k => Spelling.Distance(Plain(name), Plain(k)));
        // A name that is not plain text is not repeated in the answer.
        var shown = PlainText.Problem(name, MaxShownLength) is null ? name : "";
        var detail = (shown.Length > 0 ? $"This request has no query parameter {shown}" : "This request has an unknown query parameter")
            + (nearest is null ? "." : $"; did you mean {nearest}?")
            + (known.Count == 0 ? " It takes none." : $" Known are {string.Join(", ", known)}.");
        return nearest is null
            ? Refusal.Of(RefusalKind.Malformed, "unknown_parameter", detail, ("parameter", shown), ("known", known))
            : Refusal.Of(RefusalKind.Malformed, "unknown_parameter", detail, ("parameter", shown), ("known", known), ("nearest", nearest));
    }

    /// <summary>
    /// Whether a name differs from a known one by letter case, separators or a typing error: up to a third of its letters.
    /// </summary>
    private static bool IsNear(string name, string known) =>
        name.Length <= MaxShownLength
        && Plain(name).Length > 1
        && Spelling.Distance(Plain(name), Plain(known)) <= Math.Max(1, known.Length / 3);

    private static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit));
}
