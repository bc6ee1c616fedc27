using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using JasperFx.Events;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>A balance, with the events that it was computed from.</summary>
/// <param name="Held">Reserved funds; always zero, because this bank has no holds yet.</param>
/// <param name="EffectiveAt">The balance includes the events that took effect by this instant …</param>
/// <param name="KnownAt">… of those that the bank had recorded by this one.</param>
/// <param name="Version">The version of the last event that the balance includes.</param>
public sealed record BalanceView(
    string AccountId, Amount Balance, Amount Available, Amount Held, DateTimeOffset EffectiveAt, DateTimeOffset KnownAt, long Version,
    LastEventView? LastEvent, string ComputedFrom, BalanceLinks Links);

/// <summary>The last event that a balance includes.</summary>
public sealed record LastEventView(string Id, string Type, long Version, DateTimeOffset RecordedAt, DateTimeOffset? EffectiveAt)
{
    internal static LastEventView Of(IEvent e) =>
        new(PublicId.Format("evt", e.Id), e.EventTypeName, e.Version, e.Timestamp, (e.Data as IAccountEvent)?.EffectiveAt);
}

/// <summary>Links to the events and entries of the account.</summary>
public sealed record BalanceLinks(string Events, string Entries)
{
    internal static BalanceLinks Of(Guid id) =>
        new($"/v1/accounts/{Domain.AccountId.Format(id)}/events", $"/v1/accounts/{Domain.AccountId.Format(id)}/entries");
}

public static class GetBalanceEndpoint
{
    [WolverineGet("/v1/accounts/{account}/balance", OperationId = "getBalance")]
    [HasVersion]
    [QueryParameter<DateTimeOffset>("effectiveAt", "The events that took effect by this instant: RFC 3339, or a local time with tz.")]
    [QueryParameter<DateTimeOffset>("knownAt", "Of the events recorded by this instant.")]
    [QueryParameter("tz", "The IANA time zone of local times, such as Europe/Berlin.")]
    [QueryParameter<long>("version", "The balance right after this version of the account; not with effectiveAt or knownAt.", Minimum = 1)]
    [Tags("Accounts")]
    [EndpointSummary("Get the balance: now, at a version, or at a past effective and recorded time")]
    [EndpointDescription(
        "Gets the balance of now, after a version, or at a past moment: what had taken effect by effectiveAt, as the bank knew it "
        + "at knownAt.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found", "malformed_version", "version_not_found", "known_in_future")]
    [ProducesResponseType<BalanceView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, HistoricalBalances balances, TimeProvider clock, HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (effectiveAt, problem) = InstantQuery.Read(http.Request, "effectiveAt");
        DateTimeOffset? knownAt = null;
        if (problem is null)
        {
            (knownAt, problem) = InstantQuery.Read(http.Request, "knownAt");
            problem ??= InstantQuery.ZoneProblem(http.Request, "effectiveAt", "knownAt");
        }

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var now = clock.GetUtcNow();
        return http.Request.Query.TryGetValue("version", out var version)
            ? await AtVersion(found, version.ToString(), effectiveAt is not null || knownAt is not null, balances, http)
            : effectiveAt is null && knownAt is null
                ? await Now(found, now, reader, http)
                : await AtInstants(found, effectiveAt ?? now, knownAt ?? now, now, reader, balances, http);
    }

    private static async Task<IResult> Now(Account account, DateTimeOffset now, AccountReader reader, HttpContext http)
    {
        var last = await reader.EventsAsync(account.Id, account.Version, account.Version, http.RequestAborted);
        return last.Count == 0
            ? Archived(account)
            : new VersionedResult(
                View(
                    account.Id,
                    MoneySum.Of(account.Balance),
                    MoneySum.Of(account.Available),
                    now,
                    now,
                    account.Version,
                    last[^1],
                    $"state@{account.Version}"),
                account.Version);
    }

    private static async Task<IResult> AtVersion(
        Account account, string text, bool withInstants, HistoricalBalances balances, HttpContext http)
    {
        if (withInstants || !Exact.TryNumber(text, out var version) || version < 1)
        {
            return new ProblemResult(Refusal.Malformed(
                "malformed_version", "version is a number from 1, and cannot be combined with effectiveAt or knownAt."));
        }

        if (version > account.Version)
        {
            return new ProblemResult(
                Refusal.NotFound("version_not_found", $"The account is at version {account.Version}.", ("version", account.Version)));
        }

        var (at, found) = await balances.AtVersionAsync(account, version, http.RequestAborted);
        return at.Last is not { } last || found < version ? Archived(account) : Answer(View(
            account.Id, at.Balance, at.Available, last.Timestamp, last.Timestamp, version, last, $"{version} events"));
    }

    private static async Task<IResult> AtInstants(
        Account account, DateTimeOffset effectiveAt, DateTimeOffset knownAt, DateTimeOffset now, AccountReader reader,
        HistoricalBalances balances, HttpContext http)
    {
        if (knownAt > now)
        {
            return new ProblemResult(
                Refusal.RuleBroken("known_in_future", "knownAt must not be in the future.", ("knownAt", knownAt), ("now", now)));
        }

        await reader.WaitForWritersAsync(account.Id, knownAt, http.RequestAborted);
        var (at, version) = await balances.AtAsync(account, effectiveAt, knownAt, http.RequestAborted);
        return version == 0 || at is { Last: null, Events: > 0 }
            ? Archived(account)
            : Answer(
                View(
                    account.Id,
                    at.Balance,
                    at.Available,
                    effectiveAt,
                    knownAt,
                    at.Last?.Version ?? 0,
                    at.Last,
                    $"{at.Events} of {version} events"));
    }

    /// <summary>An account without readable events is archived; archived accounts are not served.</summary>
    private static ProblemResult Archived(Account account) => new(Visibility.NotFound(AccountId.Format(account.Id)));

    private static JsonHttpResult<BalanceView> Answer(BalanceView view) => TypedResults.Json(view, ApiJson.Options);

    private static BalanceView View(
        Guid id,
        MoneySum balance,
        MoneySum available,
        DateTimeOffset effectiveAt,
        DateTimeOffset knownAt,
        long version,
        IEvent? last,
        string from) =>
        new(
            AccountId.Format(id),
            Amount.Of(balance),
            Amount.Of(available),
            Amount.Of(Money.Zero(balance.Currency)),
            effectiveAt,
            knownAt,
            version,
            last is null ? null : LastEventView.Of(last),
            from,
            BalanceLinks.Of(id));
}
