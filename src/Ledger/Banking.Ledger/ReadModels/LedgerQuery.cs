using System.Globalization;
using Banking.Commands.Decisions;
using Banking.Ledger.Domain;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Ledger.ReadModels;

/// <summary>The query parameters that <see cref="AsOf"/> reads.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AsOfParametersAttribute : Attribute, IQueryParameters
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new("date", "Movements effective up to and on this day in UTC, such as 2026-11-17; today if left out.", typeof(DateOnly)),
        new(
            "knownAt", "Of movements recorded by this instant: RFC 3339, or a local time with tz; of all movements if left out.",
            typeof(DateTimeOffset)),
        new("tz", "The IANA time zone of local times, such as Europe/Berlin.", typeof(string)),
    ];
}

/// <summary>The query parameters that <see cref="Period"/> reads.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PeriodParametersAttribute : Attribute, IQueryParameters
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new("from", "The first effective day in UTC, such as 2026-11-01.", typeof(DateOnly)),
        new("to", "The day after the last effective day.", typeof(DateOnly)),
        new("currency", "Only this currency, an ISO 4217 code.", typeof(string)),
    ];
}

/// <summary>An effective day and the instant by which movements were recorded.</summary>
/// <param name="KnownAt">Null for all movements in the model.</param>
internal readonly record struct AsOf(DateOnly Date, DateTimeOffset? KnownAt)
{
    public static (AsOf AsOf, Refusal? Problem) Read(HttpRequest request, TimeProvider clock)
    {
        var (date, problem) = DateQuery.Read(request, "date");
        var (knownAt, unfit) = LedgerQuery.KnownAt(request, clock);
        return (new(date ?? DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime), knownAt), problem ?? unfit);
    }

    /// <summary>The link to what a figure is made of.</summary>
    public string ExplanationOf(GlAccount account, string currency) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"/v1/ledger/accounts/{account.Name}/explain?currency={currency}&date={Date:yyyy-MM-dd}") + KnownAtText();

    /// <summary>The link to the entries that a figure is the sum of.</summary>
    public string EntriesOf(GlBalance figure)
    {
        // The last day that .NET can represent has no successor, and needs no end.
        var to = Date == DateOnly.MaxValue ? "" : "&to=" + Date.AddDays(1).ToString("O", CultureInfo.InvariantCulture);
        return LedgerQuery.Entries(figure.Account, figure.Currency.Code) + to + KnownAtText();
    }

    /// <summary>The parameter knownAt of a link; empty without one.</summary>
    public string KnownAtText() => KnownAt is { } instant
        ? "&knownAt=" + Uri.EscapeDataString(instant.ToString("O", CultureInfo.InvariantCulture))
        : "";
}

internal static class LedgerQuery
{
    public static (DateTimeOffset? KnownAt, Refusal? Problem) KnownAt(HttpRequest request, TimeProvider clock)
    {
        var (knownAt, problem) = KnownAtQuery.Read(request, clock.GetUtcNow());
        return (knownAt, problem ?? InstantQuery.ZoneProblem(request));
    }

    public static string Entries(GlAccount account, string currency) => $"/v1/ledger/accounts/{account.Name}/entries?currency={currency}";
}
