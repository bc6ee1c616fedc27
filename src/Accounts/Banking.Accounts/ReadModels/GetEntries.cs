using System.Globalization;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.EventStore.Callers;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>One entry of an account.</summary>
/// <param name="Id">The public id of the movement.</param>
/// <param name="Balance">The balance after the entry, in the order of booking.</param>
/// <param name="CorrectionClass">Why a correction was booked: rounding for an import, otherwise the kind of the correction.</param>
/// <param name="Corrects">The transaction that a correction corrects; the event that a rounding of an import corrects.</param>
/// <param name="Source">The source row of an imported entry.</param>
public sealed record EntryView(
    string Id,
    string Type,
    Direction Direction,
    Amount Amount,
    Amount Balance,
    long Version,
    DateTimeOffset EffectiveAt,
    DateTimeOffset RecordedAt,
    DetailsView? Details,
    string? OtherAccount,
    string? Reason,
    string? CorrectionClass,
    string? Corrects,
    SourceRow? Source)
{
    internal static EntryView Of(BookedEntry entry, Caller caller)
    {
        var (e, movement, balance) = entry;
        (string prefix, MovementDetails? details, string? other, SourceRow? source) = movement switch
        {
            MoneyDeposited m => (MovementId.Deposit, m.Details, (string?)null, m.Source),
            MoneyWithdrawn m => (MovementId.Withdrawal, m.Details, (string?)null, m.Source),
            TransferSent m => (MovementId.Transfer, m.Details, m.ToNumber.Value, (SourceRow?)null),
            TransferReceived m => (MovementId.Transfer, m.Details, m.FromNumber.Value, (SourceRow?)null),
            DifferenceBooked m => (TransactionId.Correction, (MovementDetails?)null, (string?)null, m.Source),
            ICorrectionEvent m => (TransactionId.Correction, m.Details, m.Other?.Number.Value, (SourceRow?)null),
            _ => throw new InvalidOperationException($"{movement.GetType().Name} cannot be shown as an entry."),
        };
        var id = movement switch
        {
            TransferSent m => m.TransferId,
            TransferReceived m => m.TransferId,
            ICorrectionEvent m => m.Correction.Id,
            _ => e.Id,
        };
        (string Class, string Corrects)? correction = movement switch
        {
            DifferenceBooked m => (m.Cause, PublicId.Format("evt", m.Movement)),
            ICorrectionEvent { Correction: var link } => (
                WireNames.Of(link.Kind.ToString()), TransactionId.Format(link.Of, link.Transaction, link.Corrects)),
            _ => null,
        };
        return new(
            PublicId.Format(prefix, id),
            TypeOf(movement),
            movement.Direction,
            Amount.Of(movement.Amount),
            Amount.Of(balance),
            e.Version,
            movement.EffectiveAt,
            e.Timestamp,
            DetailsView.Of(details),
            other,
            e.ReasonFor(caller),
            correction?.Class,
            correction?.Corrects,
            source);
    }

    /// <summary>The name of a kind of movement.</summary>
    internal static string TypeOf(IMovement movement) => movement switch
    {
        MoneyDeposited => "deposit",
        MoneyWithdrawn => "withdrawal",
        TransferSent => "transfer-sent",
        TransferReceived => "transfer-received",
        DifferenceBooked => "correction",
        MovementReversed => "reversed",
        MovementRebooked => "rebooked",
        _ => throw new InvalidOperationException($"{movement.GetType().Name} has no name as an entry."),
    };
}

public static class GetEntriesEndpoint
{
    [WolverineGet("/v1/accounts/{account}/entries", OperationId = "listEntries")]
    [PageParameters]
    [IntervalParameters("from", "to", "Took effect")]
    [KnownAtParameter]
    [QueryParameter("tz", "The IANA time zone of local times and days, such as Europe/Berlin; days are those of UTC if left out.")]
    [Tags("Accounts")]
    [EndpointSummary("List the entries, with the balance after each")]
    [EndpointDescription("Lists the entries of an account in the order of booking, each with the balance after it.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found", "key_unavailable")]
    [ProducesResponseType<Page<EntryView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, EntryPages pages, MomentReader moments, TimeProvider clock,
        HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (paging, after, problem) = Paging.ReadNumbers(http.Request, 0);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var (effective, unfit) = Interval.Read(http.Request, "from", "to");
        var (known, unknown) = await moments.KnownVersionAsync(http.Request, found, clock.GetUtcNow());
        if ((unfit ?? unknown ?? InstantQuery.ZoneProblem(http.Request)) is { } wrong)
        {
            return new ProblemResult(wrong);
        }

        var caller = http.Caller();
        var entries = (await pages.OfAccountAsync(found, effective, after, known, paging!.Limit + 1, http.RequestAborted))
            .Select(e => EntryView.Of(e, caller))
            .ToList();
        return TypedResults.Json(
            Page<EntryView>.Of(entries, paging, e => e.Version.ToString(CultureInfo.InvariantCulture)), ApiJson.Options);
    }
}
