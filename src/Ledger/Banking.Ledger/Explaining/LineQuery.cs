using System.Globalization;
using Banking.Commands.Decisions;
using Banking.Ledger.Domain;
using Banking.Ledger.ReadModels;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Ledger.Explaining;

/// <summary>A line of the trial balance: a GL account on a day, as known at an instant, from a day on.</summary>
/// <param name="Currency">Null for all currencies.</param>
internal sealed record LineQuery(GlAccount Account, AsOf AsOf, DateOnly? From, string? Currency)
{
    public DateOnly Start => From ?? DateOnly.MinValue;

    /// <summary>The counter accounts of its journal rows: of customer deposits, all others.</summary>
    public short[] Counters => Account == Chart.CustomerDeposits
        ? [.. Chart.All.Where(a => a != Chart.CustomerDeposits).Select(a => a.Code)]
        : [Account.Code];

    public static (LineQuery? Query, Refusal? Problem) Read(string account, HttpRequest request, TimeProvider clock)
    {
        if (Chart.Find(account) is not { } found)
        {
            return (null, Refusal.NotFound("ledger_account_not_found", "The chart of accounts has no such account."));
        }

        var (asOf, problem) = AsOf.Read(request, clock);
        var (period, unfit) = Period.Read(request);
        problem ??= unfit ?? (period.From > asOf.Date ? DateQuery.Reversed("from", "date") : null);
        return problem is not null
            ? (null, problem)
            : (new(found, asOf, period.From == DateOnly.MinValue ? null : period.From, period.Currency), null);
    }

    /// <summary>Debits are positive in a sum; a balance is positive on the account's normal side.</summary>
    public Amount Balance(decimal debitsLessCredits, Currency currency) =>
        Amount.OfMinor(Account.IsDebitNormal ? debitsLessCredits : -debitsLessCredits, currency);

    /// <summary>The link to the journal entries of a part of the line.</summary>
    public string Entries(string currency, DateOnly? from, DateOnly? to, string filter = "")
    {
        // The last day that .NET can represent has no successor, and needs no end.
        var end = AsOf.Date == DateOnly.MaxValue ? to : to < AsOf.Date.AddDays(1) ? to : AsOf.Date.AddDays(1);
        return LedgerQuery.Entries(Account, currency) + Text("from", from) + Text("to", end) + filter + AsOf.KnownAtText();
    }

    /// <summary>The link to the explanation of some days of the line.</summary>
    public string Explanation(string currency, DateOnly from, DateOnly last) =>
        (AsOf with { Date = last }).ExplanationOf(Account, currency) + Text("from", from);

    private static string Text(string name, DateOnly? day) =>
        day is { } date ? string.Create(CultureInfo.InvariantCulture, $"&{name}={date:yyyy-MM-dd}") : "";
}
