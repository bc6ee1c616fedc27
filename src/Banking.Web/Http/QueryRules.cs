using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>
/// Nothing that a query asks for is ignored: a parameter that the endpoint does not read is refused before the endpoint runs, and so is one
/// that is given twice. What an endpoint reads is its <see cref="IQueryParameters"/>; on one without them every parameter is unknown.
/// </summary>
public static class QueryRules
{
    private const int MaxShownLength = 100;

    /// <summary>What is wrong with the query, or null.</summary>
    public static Refusal? Problem(HttpRequest request, Endpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(endpoint);
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
                return Refusal.Of("repeated_parameter", 400, $"{name} is given {values.Count} times; give it once.", ("parameter", name));
            }
        }

        return null;
    }

    private static Refusal Unknown(string name, List<string> known)
    {
        var nearest = known.Where(k => IsNear(name, k)).MinBy(k => Spelling.Distance(Plain(name), Plain(k)));
        // A name that is not plain text is not repeated to whoever reads the answer.
        var shown = PlainText.Problem(name, MaxShownLength) is null ? name : "";
        var detail = (shown.Length > 0 ? $"There is no query parameter {shown} here" : "There is a query parameter here that is not known")
            + (nearest is null ? "." : $"; did you mean {nearest}?")
            + (known.Count == 0 ? " This request takes none." : $" Known are {string.Join(", ", known)}.");
        return nearest is null
            ? Refusal.Of("unknown_parameter", 400, detail, ("parameter", shown), ("known", known))
            : Refusal.Of("unknown_parameter", 400, detail, ("parameter", shown), ("known", known), ("nearest", nearest));
    }

    /// <summary>Another letter case or separator, or a slip of the keyboard: up to a third of the letters.</summary>
    private static bool IsNear(string name, string known) =>
        name.Length <= MaxShownLength
        && Plain(name).Length > 1
        && Spelling.Distance(Plain(name), Plain(known)) <= Math.Max(1, known.Length / 3);

    private static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit));
}
