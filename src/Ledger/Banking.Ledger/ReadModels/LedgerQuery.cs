using System.Globalization;
using Banking.Ledger.Domain;
using Banking.Platform.Commands;
using Banking.Platform.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Ledger.ReadModels;

/// <summary>The query parameters that <see cref="AsOf"/> reads.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AsOfParametersAttribute : Attribute, IQueryParameters
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new("date", "What counted up to and on this day in UTC, such as 2026-11-17; today when left out."),
        new("knownAt", "As known at this instant: RFC 3339, or a local time with tz; all that is known when left out."),
        new("tz", "IANA time zone of knownAt, such as Europe/Berlin."),
    ];
}

/// <summary>The query parameters that <see cref="Period"/> reads.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PeriodParametersAttribute : Attribute, IQueryParameters
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new("from", "First effective day in UTC, such as 2026-11-01."), new("to", "The day after the last effective day."),
        new("currency", "ISO 4217 code."),
    ];
}

/// <summary>What counted up to a day, as known at an instant.</summary>
/// <param name="KnownAt">Null for all that the model has.</param>
internal readonly record struct AsOf(DateOnly Date, DateTimeOffset? KnownAt)
{
    public static (AsOf AsOf, Refusal? Problem) Read(HttpRequest request, TimeProvider clock)
    {
        var (date, problem) = DateQuery.Read(request, "date");
        var (knownAt, unfit) = LedgerQuery.KnownAt(request, clock);
        return (new(date ?? DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime), knownAt), problem ?? unfit);
    }

    /// <summary>Where the entries are that a figure is the sum of.</summary>
    public string EntriesOf(GlBalance figure)
    {
        // The last day there is has none after it, and needs no end.
        var to = Date == DateOnly.MaxValue ? "" : "&to=" + Date.AddDays(1).ToString("O", CultureInfo.InvariantCulture);
        return LedgerQuery.Entries(figure.Account, figure.Currency.Code) + to
            + (KnownAt is { } instant ? "&knownAt=" + Uri.EscapeDataString(instant.ToString("O", CultureInfo.InvariantCulture)) : "");
    }
}

/// <summary>Effective days from one to another, which is not of them, and a currency where only one is asked for.</summary>
internal readonly record struct Period(DateOnly From, DateOnly To, string? Currency)
{
    public static (Period Period, Refusal? Problem) Read(HttpRequest request)
    {
        var (from, problem) = DateQuery.Read(request, "from");
        var (to, unfit) = DateQuery.Read(request, "to");
        problem ??= unfit ?? (from > to ? DateQuery.Reversed : null);
        var currency = request.Query.TryGetValue("currency", out var text) ? text.ToString() : null;
        // Any code, not only those that are active: the books keep what was booked in a currency that is no more.
        if (problem is null && currency is not null && (currency.Length != 3 || !currency.All(char.IsAsciiLetterUpper)))
        {
            problem = Problems.Malformed("unknown_currency", "currency is an ISO 4217 code.");
        }

        // The first and the last date that there are stand for no bound at all, in PostgreSQL as here.
        return (new(from ?? DateOnly.MinValue, to ?? DateOnly.MaxValue, currency), problem);
    }
}

internal static class LedgerQuery
{
    public static (DateTimeOffset? KnownAt, Refusal? Problem) KnownAt(HttpRequest request, TimeProvider clock)
    {
        var (knownAt, problem) = InstantQuery.Read(request, "knownAt");
        var now = clock.GetUtcNow();
        return problem is null && knownAt > now
            ? (null, Refusal.Of("known_in_future", 422, "What will be known cannot be told yet.", ("knownAt", knownAt.Value), ("now", now)))
            : (knownAt, problem ?? InstantQuery.ZoneProblem(request, "knownAt"));
    }

    public static string Entries(GlAccount account, string currency) => $"/v1/ledger/accounts/{account.Name}/entries?currency={currency}";
}
