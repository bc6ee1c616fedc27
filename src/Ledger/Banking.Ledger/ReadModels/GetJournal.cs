using System.Globalization;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.Ledger.Domain;
using Banking.SharedKernel;
using Banking.Web.Http;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using NpgsqlTypes;
using Wolverine.Http;

namespace Banking.Ledger.ReadModels;

/// <summary>A journal entry and its event.</summary>
/// <param name="Position">The event's position in the log, and the entry's number.</param>
/// <param name="EffectiveOn">The effective day.</param>
/// <param name="RecordedAt">When the bank recorded the event.</param>
/// <param name="AccountId">The customer's account.</param>
/// <param name="Lines">One debit and one credit of the same amount.</param>
public sealed record JournalEntryView(
    long Position, string EventId, string Type, DateOnly EffectiveOn, DateTimeOffset RecordedAt, string AccountId,
    IReadOnlyList<JournalLineView> Lines, JournalEntryLinks Links);

/// <summary>One side of a journal entry.</summary>
public sealed record JournalLineView(string Account, short Number, Amount? Debit, Amount? Credit);

/// <summary>Links to the event with its metadata, and to the customer's account.</summary>
public sealed record JournalEntryLinks(string Event, string Account);

public static class GetJournalEndpoint
{
    /// <summary>
    /// Reads one page of each counter account by its index, and takes the first entries of these. So the entries of all counter accounts,
    /// which are the entries of customer deposits, are read as fast as those of one.
    /// </summary>
    private const string Sql =
        $"""
        select j.position, e.id, e.type, j.effective_on, j.recorded_at, j.account, j.counter, j.currency, j.scale, j.credit
        from unnest($1) as c(counter) cross join lateral (
            select * from {LedgerModule.Schema}.{LedgerModel.Journal} j
            where j.counter = c.counter and (j.effective_on, j.position) > ($2, $3) and j.effective_on < $4
                and ($5::text is null or j.currency = $5) and ($6::timestamptz is null or j.recorded_at <= $6)
                and ($8::text[] is null
                    or exists (select from {SchemaNames.Events}.mt_events e where e.seq_id = j.position and e.type = any($8)))
            order by j.effective_on, j.position limit $7) as j
        join {SchemaNames.Events}.mt_events e on e.seq_id = j.position
        order by j.effective_on, j.position limit $7
        """;

    /// <summary>Reads the entries of one customer's account by its events, which are few compared with the journal's.</summary>
    private const string OfCustomer =
        $"""
        select j.position, e.id, e.type, j.effective_on, j.recorded_at, j.account, j.counter, j.currency, j.scale, j.credit
        from {LedgerModule.Schema}.{LedgerModel.Journal} j join {SchemaNames.Events}.mt_events e on e.seq_id = j.position
        where e.stream_id = $9 and j.account = $9 and j.counter = any($1)
            and (j.effective_on, j.position) > ($2, $3) and j.effective_on < $4
            and ($5::text is null or j.currency = $5) and ($6::timestamptz is null or j.recorded_at <= $6)
            and ($8::text[] is null or e.type = any($8))
        order by j.effective_on, j.position limit $7
        """;

    [WolverineGet("/v1/ledger/accounts/{account}/entries", OperationId = "listJournalEntries")]
    [PageParameters]
    [PeriodParameters]
    [QueryParameter<DateTimeOffset>("knownAt", "Only entries recorded by this instant: RFC 3339, or a local time with tz.")]
    [QueryParameter("tz", "The IANA time zone of local times, such as Europe/Berlin.")]
    [QueryParameter("accountId", "Only entries of this customer's account, acc_….")]
    [QueryParameter("type", "Only entries of this event, in whatever version: accounts.money-deposited.v3 …")]
    [Tags("Ledger")]
    [EndpointSummary("List the journal entries of a ledger account")]
    [EndpointDescription("Lists the journal entries that touch a ledger account, with all their lines.")]
    [Authorize(Policies.ReadBooks)]
    [Problems("ledger_account_not_found", "known_in_future", "malformed_filter", "malformed_period", "unknown_currency")]
    [ReadsFrom(LedgerModel.ModelName)]
    [ProducesResponseType<Page<JournalEntryView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, NpgsqlDataSource source, IDocumentStore store, TimeProvider clock, HttpContext http)
    {
        if (Chart.Find(account) is not { } glAccount)
        {
            return new ProblemResult(
                Refusal.NotFound("ledger_account_not_found", "The chart of accounts has no such account."));
        }

        var (paging, problem) = Paging.Read(http.Request);
        var (period, unfit) = Period.Read(http.Request);
        var (knownAt, unknown) = LedgerQuery.KnownAt(http.Request, clock);
        var (filter, wrong) = JournalFilter.Read(http.Request, store);
        problem ??= unfit ?? unknown ?? wrong;
        // Positions begin at 1, so this is before the first entry of the first day.
        var after = (Day: period.From, Position: 0L);
        if (problem is null && paging!.After is not null && !TryCursor(paging.After, ref after))
        {
            problem = Paging.Malformed;
        }

        return problem is not null ? new ProblemResult(problem) : TypedResults.Json(
            Page<JournalEntryView>.Of(
                await ReadAsync(source, glAccount, after, period, knownAt, filter, paging!.Limit + 1, http.RequestAborted), paging,
                Cursor),
            ApiJson.Options);
    }

    private static Task<IReadOnlyList<JournalEntryView>> ReadAsync(
        NpgsqlDataSource source,
        GlAccount account,
        (DateOnly Day, long Position) after,
        Period period,
        DateTimeOffset? knownAt,
        JournalFilter filter,
        int limit,
        CancellationToken ct) => source.ListAsync(
        filter.Account is null ? Sql : OfCustomer,
        [
            account == Chart.CustomerDeposits ? Chart.All.Where(a => a != account).Select(a => a.Code).ToArray() : [account.Code],
            after.Day,
            after.Position,
            period.To,
            NpgsqlDbType.Text.Of(period.Currency),
            NpgsqlDbType.TimestampTz.Of(knownAt?.UtcDateTime),
            limit,
            (NpgsqlDbType.Array | NpgsqlDbType.Text).Of(filter.Types),
            .. filter.Account is { } customer ? [customer] : (object?[])[],
        ],
        row => View(
            row.GetGuid(1), row.GetString(2),
            new(
                row.GetInt64(0), row.GetGuid(5), Chart.Of(row.GetInt16(6)),
                new(row.GetInt64(9), Currency.FromStored(row.GetString(7), row.GetInt16(8))),
                row.GetFieldValue<DateOnly>(3), row.GetFieldValue<DateTimeOffset>(4))),
        ct);

    internal static JournalEntryView View(Guid id, string type, JournalEntry entry)
    {
        var (eventId, account) = (PublicId.Format("evt", id), PublicId.Format("acc", entry.Account));
        var amount = Amount.Of(entry.Credit.Abs);
        return new(
            entry.Position,
            eventId,
            type,
            entry.EffectiveOn,
            entry.RecordedAt,
            account,
            [
                .. entry
                    .Lines()
                    .Select(l => new JournalLineView(
                        l.Account.Name, l.Account.Code, l.Amount > 0 ? amount : null, l.Amount > 0 ? null : amount)),
            ],
            new($"/audit/events?eventId={eventId}", $"/v1/accounts/{account}"));
    }

    private static string Cursor(JournalEntryView last) =>
        string.Create(CultureInfo.InvariantCulture, $"{last.EffectiveOn:O} {last.Position}");

    private static bool TryCursor(string cursor, ref (DateOnly Day, long Position) after) =>
        cursor.Split(' ') is [var day, var position]
        && Exact.TryDay(day, out after.Day)
        && Exact.TryNumber(position, out after.Position);
}
