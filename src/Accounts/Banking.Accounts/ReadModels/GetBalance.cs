using System.Globalization;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
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
/// <param name="KnownAt">
/// … of those that the bank had recorded by this one. For the balance of now it is when the last event was recorded.
/// </param>
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

/// <summary>Links to the events and entries of the account, and to what the balance is made of.</summary>
public sealed record BalanceLinks(string Events, string Entries, string Explanation)
{
    /// <param name="moment">The moment of the balance as parameters of a query.</param>
    internal static BalanceLinks Of(Guid id, string moment)
    {
        var account = $"/v1/accounts/{Domain.AccountId.Format(id)}";
        return new($"{account}/events", $"{account}/entries", $"{account}/balance/explain?{moment}");
    }
}

public static class GetBalanceEndpoint
{
    [WolverineGet("/v1/accounts/{account}/balance", OperationId = "getBalance")]
    [HasVersion]
    [MomentParameters]
    [Tags("Accounts")]
    [EndpointSummary("Get the balance: now, at a version, or at a past effective and recorded time")]
    [EndpointDescription(
        "Gets the balance of now, after a version, or at a past moment: what had taken effect by effectiveAt, as the bank knew it "
        + "at knownAt.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found")]
    [ProducesResponseType<BalanceView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, HistoricalBalances balances, TimeProvider clock, HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var now = clock.GetUtcNow();
        var (moment, problem) = Moment.Read(http.Request, found, now);
        return moment switch
        {
            Moment.Present => await Now(found, now, reader, http),
            Moment.AtVersion at => await AtVersion(found, at.Version, balances, http),
            Moment.AtInstants at => await AtInstants(found, at, reader, balances, http),
            _ => new ProblemResult(problem!),
        };
    }

    private static async Task<IResult> Now(Account account, DateTimeOffset now, AccountReader reader, HttpContext http)
    {
        if (await reader.EventsAsync(account.Id, account.Version, account.Version, http.RequestAborted) is not [.., var last])
        {
            return Archived(account);
        }

        // A command that is not committed yet may have read the clock before now, and the clock of another host may be ahead of this one's.
        // What was known when the last event was recorded stays the same.
        var effectiveAt = last.Timestamp > now ? last.Timestamp : now;
        return new VersionedResult(
            View(
                account.Id,
                MoneySum.Of(account.Balance),
                MoneySum.Of(account.Available),
                effectiveAt,
                last.Timestamp,
                account.Version,
                last,
                $"state@{account.Version}",
                VersionText(account.Version)),
            account.Version);
    }

    private static async Task<IResult> AtVersion(Account account, long version, HistoricalBalances balances, HttpContext http)
    {
        var (at, found) = await balances.AtVersionAsync(account, version, http.RequestAborted);
        return at.Last is not { } last || found < version ? Archived(account) : Answer(View(
            account.Id, at.Balance, at.Available, last.Timestamp, last.Timestamp, version, last, $"{version} events",
            VersionText(version)));
    }

    private static async Task<IResult> AtInstants(
        Account account, Moment.AtInstants moment, AccountReader reader, HistoricalBalances balances, HttpContext http)
    {
        await reader.WaitForWritersAsync(account.Id, moment.KnownAt, http.RequestAborted);
        var (at, version) = await balances.AtAsync(account, moment.EffectiveAt, moment.KnownAt, http.RequestAborted);
        return version == 0 || at is { Last: null, Events: > 0 }
            ? Archived(account)
            : Answer(
                View(
                    account.Id,
                    at.Balance,
                    at.Available,
                    moment.EffectiveAt,
                    moment.KnownAt,
                    at.Last?.Version ?? 0,
                    at.Last,
                    $"{at.Events} of {version} events",
                    MomentLinks.Of(moment)));
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
        string from,
        string moment) =>
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
            BalanceLinks.Of(id, moment));

    private static string VersionText(long version) => string.Create(CultureInfo.InvariantCulture, $"version={version}");
}
