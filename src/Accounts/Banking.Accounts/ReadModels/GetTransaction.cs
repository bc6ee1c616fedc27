using Banking.Accounts.Domain;
using Banking.EventStore.Json;
using Banking.EventStore.Streams;
using Banking.Web.Http;
using JasperFx.Events;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

public static class GetTransactionEndpoint
{
    /// <summary>How long an answer of the past waits for a correction that is about to commit.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    [WolverineGet("/v1/transactions/{transaction}", OperationId = "getTransaction")]
    [KnownAtParameter]
    [QueryParameter("tz", "The IANA time zone of a local knownAt, such as Europe/Berlin.")]
    [Tags("Money")]
    [EndpointSummary("Get a deposit, withdrawal, transfer or correction in its present form, with its corrections")]
    [EndpointDescription(
        "Gets a transaction as it counts now, or as the bank knew it at knownAt: with the corrections of it, and what they changed.")]
    [Authorize(Policies.Read)]
    [Problems("transaction_not_found")]
    [ProducesResponseType<TransactionView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string transaction, TransactionReader transactions, AccountReader reader, OpenWriters writers, TimeProvider clock, HttpContext http)
    {
        var (knownAt, problem) = KnownAtQuery.Read(http.Request, clock.GetUtcNow());
        if ((problem ?? InstantQuery.ZoneProblem(http.Request)) is { } wrong)
        {
            return new ProblemResult(wrong);
        }

        if (knownAt is { } instant && await writers.WaitForAsync(instant, MaxWait, http.RequestAborted) > 0)
        {
            http.Response.Headers[HttpAnswers.LedgerStale] = "true";
        }

        if (await transactions.FindEventAsync(transaction, http.RequestAborted) is not { } e || e.Timestamp > knownAt)
        {
            return new ProblemResult(TransactionReader.NotFound(transaction));
        }

        var booked = BookedTransaction.Of(e)!;
        var corrections = (await transactions.CorrectionsAsync(booked.Root, http.RequestAborted))
            .Where(c => !(c.Timestamp > knownAt)).ToList();
        var first = booked.Root == booked.Id ? e : await reader.EventAsync(booked.Root, http.RequestAborted);
        if (first is null)
        {
            // Its stream was archived, and archived events are not served.
            return new ProblemResult(TransactionReader.NotFound(transaction));
        }

        IReadOnlyList<IEvent> chain = [first, .. corrections];
        var own = corrections.Where(c => ((ICorrectionEvent)c.Data).Correction.Id == booked.Id).Select(c => c.StreamId);
        var visible = await VisibleAsync(chain.SelectMany(AccountsOf), reader, http);
        return visible.Overlaps(own.Concat(booked.Booking.Sides.Select(s => s.Account)))
            ? TypedResults.Json(TransactionView.Of(booked, e, chain, visible, http.Caller()), ApiJson.Options)
            : new ProblemResult(TransactionReader.NotFound(transaction));
    }

    private static IEnumerable<Guid> AccountsOf(IEvent e) =>
        BookedTransaction.Of(e) is { } transaction ? transaction.Booking.Sides.Select(s => s.Account) : [e.StreamId];

    private static async Task<HashSet<Guid>> VisibleAsync(IEnumerable<Guid> accounts, AccountReader reader, HttpContext http)
    {
        var visible = new HashSet<Guid>();
        foreach (var account in accounts.Distinct())
        {
            if (await reader.FindAsync(AccountId.Format(account), http) is not null)
            {
                visible.Add(account);
            }
        }

        return visible;
    }
}
