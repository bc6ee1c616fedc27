using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Banking.Web.Http;
using Marten;
using Microsoft.AspNetCore.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>Declares the query parameters that <see cref="TransactionQuery"/> reads.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TransactionFiltersAttribute : Attribute, IQueryParameters, IProblemCodes
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new("account", "Only those of this account, by id or number.", typeof(string)),
        .. new IntervalParametersAttribute("from", "to", "Took effect").Parameters,
        .. new IntervalParametersAttribute("recordedFrom", "recordedTo", "Recorded").Parameters,
        new("tz", "The IANA time zone of local times and days, such as Europe/Berlin; days are those of UTC if left out.", typeof(string)),
        new("currency", "Only those in this currency, an ISO 4217 code.", typeof(string)),
        new("minAmount", "Only amounts of at least this, such as 125.50; requires currency.", typeof(string)),
        new("maxAmount", "Only amounts of at most this; requires currency.", typeof(string)),
        new("correlationId", "Only those of this correlation id. A customer finds those of their own commands.", typeof(string)),
        new("reason", "Only those with exactly this reason. A customer finds those of their own commands.", typeof(string)),
    ];

    public IReadOnlyList<string> Codes { get; } =
    [
        "account_not_found", "amount_not_positive", "invalid_amount", "malformed_account", "malformed_filter", "unknown_currency",
        .. Interval.Codes,
    ];
}

/// <summary>Reads the filters of a list of deposits, withdrawals or transfers.</summary>
public sealed class TransactionQuery(AccountReader reader, IDocumentStore store)
{
    /// <summary>Longer than any stored reason or correlation id.</summary>
    private const int MaxTextLength = 500;

    /// <param name="kinds">The kinds of rows of the book.</param>
    /// <param name="kindsOfAccounts">The kinds of rows if only some accounts are listed.</param>
    internal async Task<(TransactionSearch? Search, Refusal? Problem)> ReadAsync(
        HttpContext http, IReadOnlyList<EntryKind> kinds, IReadOnlyList<EntryKind> kindsOfAccounts)
    {
        var (filter, problem) = ReadFilter(http.Request);
        var (reason, unfit) = ReadText(http.Request, "reason");
        problem ??= unfit;
        if (problem is not null)
        {
            return (null, problem);
        }

        var (accounts, notFound) = await AccountsAsync(http);
        return notFound is not null
            ? (null, notFound)
            : (new(accounts, filter! with { Kinds = accounts is null ? kinds : kindsOfAccounts }, reason, http.Caller()), null);
    }

    /// <summary>The accounts to list; null for all, which only staff may see.</summary>
    private async Task<(Guid[]? Accounts, Refusal? Problem)> AccountsAsync(HttpContext http)
    {
        if (http.Request.Query.TryGetValue("account", out var account))
        {
            return !PublicId.TryParse(AccountId.Prefix, account, out _) && !AccountNumber.TryParseStored(account, out _)
                ? (null, Refusal.Malformed("malformed_account", "account is the id of an account, acc_…, or its number."))
                : await reader.FindAsync(account.ToString(), http) is { } found
                ? ([found.Id], null)
                : (null, Visibility.NotFound(account.ToString()));
        }

        var (caller, ct) = (http.Caller(), http.RequestAborted);
        return (caller.IsStaff ? null : await AccountAccess.AccountsOfAsync(store, caller.CustomerId ?? Guid.Empty, ct), null);
    }

    private static (EntryFilter? Filter, Refusal? Problem) ReadFilter(HttpRequest request)
    {
        var (effective, problem) = Interval.Read(request, "from", "to");
        var (recorded, unfit) = Interval.Read(request, "recordedFrom", "recordedTo");
        problem ??= unfit ?? InstantQuery.ZoneProblem(request);
        var (currency, unknown) = AmountFilter.ReadCurrency(request);
        var (minimum, tooSmall) = AmountFilter.Read(request, "minAmount", currency);
        var (maximum, tooLarge) = AmountFilter.Read(request, "maxAmount", currency);
        var (correlation, wrong) = ReadText(request, "correlationId");
        problem ??= unknown ?? tooSmall ?? tooLarge ?? wrong
            ?? (minimum > maximum ? Refusal.Malformed("malformed_filter", "maxAmount must not be less than minAmount.") : null);
        return problem is not null ? (null, problem) : (
            new()
            {
                Effective = effective,
                Recorded = recorded,
                Currency = currency,
                Minimum = minimum,
                Maximum = maximum,
                Correlation = correlation,
            },
            null);
    }

    private static (string? Text, Refusal? Problem) ReadText(HttpRequest request, string name) =>
        !request.Query.TryGetValue(name, out var text) ? (null, null)
        : PlainText.Problem(text.ToString(), MaxTextLength) is { } why ? (null, Refusal.Malformed("malformed_filter", $"{name}: {why}"))
        : (text.ToString(), null);
}
