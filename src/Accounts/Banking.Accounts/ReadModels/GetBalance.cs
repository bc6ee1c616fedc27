using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Http;
using Banking.Platform.Security;
using Banking.SharedKernel;
using JasperFx.Events;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>A balance that proves itself: what it was computed from, and where to see it.</summary>
/// <param name="Held">Set aside and not to be spent; nothing is held yet in this bank.</param>
/// <param name="EffectiveAt">What counted at this instant …</param>
/// <param name="KnownAt">… as far as the bank knew at this one.</param>
/// <param name="Version">The version of the account that the answer includes.</param>
public sealed record BalanceView(
    string AccountId, Amount Balance, Amount Available, Amount Held, DateTimeOffset EffectiveAt, DateTimeOffset KnownAt, long Version,
    LastEventView? LastEvent, string ComputedFrom, BalanceLinks Links);

/// <summary>The last event that an answer includes.</summary>
public sealed record LastEventView(string Id, string Type, long Version, DateTimeOffset RecordedAt, DateTimeOffset? EffectiveAt)
{
    internal static LastEventView Of(IEvent e) =>
        new(PublicId.Format("evt", e.Id), e.EventTypeName, e.Version, e.Timestamp, (e.Data as IAccountEvent)?.EffectiveAt);
}

/// <summary>Where the answer can be checked.</summary>
public sealed record BalanceLinks(string Events, string Entries)
{
    internal static BalanceLinks Of(Guid id) =>
        new($"/v1/accounts/{Domain.AccountId.Format(id)}/events", $"/v1/accounts/{Domain.AccountId.Format(id)}/entries");
}

public static class GetBalanceEndpoint
{
    [WolverineGet("/v1/accounts/{account}/balance")]
    [QueryParameter("effectiveAt", "What counted at this instant: RFC 3339, or a local time with tz.")]
    [QueryParameter("knownAt", "As known at this instant.")]
    [QueryParameter("tz", "IANA time zone of local times, such as Europe/Berlin.")]
    [QueryParameter("version", "The balance right after this event of the account; stands alone.")]
    [Tags("Accounts")]
    [EndpointSummary("Get the balance: now, at a version, or of what counted then as known then")]
    [Authorize(Policies.Read)]
    [ProducesResponseType<BalanceView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string account, AccountReader reader, AccountBook book, TimeProvider clock, HttpContext http)
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
            ? await AtVersion(found, version.ToString(), effectiveAt is not null || knownAt is not null, book, http)
            : effectiveAt is null && knownAt is null
                ? await Now(found, now, reader, http)
                : await AtInstants(found, effectiveAt ?? now, knownAt ?? now, now, reader, book, http);
    }

    private static async Task<IResult> Now(Account account, DateTimeOffset now, AccountReader reader, HttpContext http)
    {
        var last = await reader.EventsAsync(account.Id, account.Version, account.Version, http.RequestAborted);
        return last.Count == 0
            ? Gone(account)
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

    private static async Task<IResult> AtVersion(Account account, string text, bool withInstants, AccountBook book, HttpContext http)
    {
        if (withInstants || !Exact.TryNumber(text, out var version) || version < 1)
        {
            return new ProblemResult(Problems.Malformed("malformed_version", "version is a number from 1, and stands alone."));
        }

        if (version > account.Version)
        {
            return new ProblemResult(
                Refusal.Of("version_not_found", 404, $"The account is at version {account.Version}.", ("version", account.Version)));
        }

        var (at, found) = await book.AtVersionAsync(account, version, http.RequestAborted);
        return at.Last is not { } last || found < version ? Gone(account) : Answer(View(
            account.Id, at.Balance, at.Available, last.Timestamp, last.Timestamp, version, last, $"{version} events"));
    }

    private static async Task<IResult> AtInstants(
        Account account, DateTimeOffset effectiveAt, DateTimeOffset knownAt, DateTimeOffset now, AccountReader reader, AccountBook book,
        HttpContext http)
    {
        if (knownAt > now)
        {
            return new ProblemResult(
                Refusal.Of("known_in_future", 422, "What will be known cannot be told yet.", ("knownAt", knownAt), ("now", now)));
        }

        await reader.SettleAsync(account.Id, knownAt, http.RequestAborted);
        var (at, version) = await book.AtAsync(account, effectiveAt, knownAt, http.RequestAborted);
        return version == 0 || at is { Last: null, Events: > 0 }
            ? Gone(account)
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

    /// <summary>An account always has events; one whose events are archived is not served from here.</summary>
    private static ProblemResult Gone(Account account) => new(Visibility.NotFound(AccountId.Format(account.Id)));

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
