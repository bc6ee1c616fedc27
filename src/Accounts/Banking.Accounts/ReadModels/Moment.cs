using System.Globalization;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>The moment of an account that a query asks for.</summary>
public abstract record Moment
{
    private Moment()
    {
    }

    /// <summary>Now: the query names no moment.</summary>
    public sealed record Present(DateTimeOffset Now) : Moment;

    /// <summary>Right after a version of the account, whatever took effect when.</summary>
    public sealed record AtVersion(long Version) : Moment;

    /// <summary>What took effect by one instant, of what was recorded by another.</summary>
    public sealed record AtInstants(DateTimeOffset EffectiveAt, DateTimeOffset KnownAt) : Moment;

    /// <summary>Reads <c>effectiveAt</c>, <c>knownAt</c>, <c>tz</c> and <c>version</c> of a query.</summary>
    internal static (Moment? Moment, Refusal? Problem) Read(HttpRequest request, Account account, DateTimeOffset now)
    {
        var (effectiveAt, problem) = InstantQuery.Read(request, "effectiveAt");
        DateTimeOffset? knownAt = null;
        if (problem is null)
        {
            (knownAt, problem) = InstantQuery.Read(request, "knownAt");
            problem ??= InstantQuery.ZoneProblem(request);
        }

        if (problem is not null)
        {
            return (null, problem);
        }

        var hasInstants = effectiveAt is not null || knownAt is not null;
        return request.Query.TryGetValue("version", out var version) ? OfVersion(version.ToString(), account, hasInstants)
            : !hasInstants ? (new Present(now), null)
            : knownAt is { } known && known > now ? (null, Refusal.RuleBroken(
                "known_in_future", "knownAt must not be in the future.", ("knownAt", known), ("now", now)))
            : (new AtInstants(effectiveAt ?? now, knownAt ?? now), null);
    }

    private static (Moment? Moment, Refusal? Problem) OfVersion(string text, Account account, bool hasInstants) =>
        hasInstants || !Exact.TryNumber(text, out var version) || version < 1
            ? (null, Refusal.Malformed(
                "malformed_version", "version is a number from 1, and cannot be combined with effectiveAt or knownAt."))
        : version > account.Version
            ? (null, Refusal.NotFound(
                "version_not_found", $"The account is at version {account.Version}.", ("version", account.Version)))
        : (new AtVersion(version), null);
}

/// <summary>Moments as parameters of a link.</summary>
internal static class MomentLinks
{
    public static string Of(Moment.AtInstants moment) => $"effectiveAt={Text(moment.EffectiveAt)}&knownAt={Text(moment.KnownAt)}";

    private static string Text(DateTimeOffset instant) =>
        Uri.EscapeDataString(instant.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture));
}

/// <summary>Declares the query parameters that <see cref="Moment"/> reads.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MomentParametersAttribute : Attribute, IQueryParameters, IProblemCodes
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new("effectiveAt", "What took effect by this instant: RFC 3339, or a local time with tz.", typeof(DateTimeOffset)),
        new("knownAt", "Of what the bank had recorded by this instant.", typeof(DateTimeOffset)),
        new("tz", "The IANA time zone of local times, such as Europe/Berlin.", typeof(string)),
        new("version", "Right after this version of the account; not with effectiveAt or knownAt.", typeof(long))
        {
            Range = (1, long.MaxValue),
        },
    ];

    public IReadOnlyList<string> Codes { get; } = ["malformed_version", "version_not_found", "known_in_future"];
}
