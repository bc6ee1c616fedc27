using Banking.Commands.Decisions;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>Reads the instant by which the bank had recorded what an answer includes.</summary>
public static class KnownAtQuery
{
    public const string Name = "knownAt";

    /// <summary>The instant; null if the query has none; or its problem.</summary>
    public static (DateTimeOffset? KnownAt, Refusal? Problem) Read(HttpRequest request, DateTimeOffset now)
    {
        var (knownAt, problem) = InstantQuery.Read(request, Name);
        return problem is null && knownAt > now
            ? (null, Refusal.RuleBroken("known_in_future", "knownAt must not be in the future.", (Name, knownAt.Value), ("now", now)))
            : (knownAt, problem);
    }
}

/// <summary>Declares the query parameter that <see cref="KnownAtQuery"/> reads.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KnownAtParameterAttribute : Attribute, IQueryParameters, IProblemCodes
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new(
            KnownAtQuery.Name, "Only what the bank had recorded by this instant: RFC 3339, or a local time with tz.",
            typeof(DateTimeOffset)),
    ];

    public IReadOnlyList<string> Codes { get; } = ["known_in_future"];
}
