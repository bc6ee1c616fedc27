using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// Compares the two halves of each transfer, and the bookings of each correction. One transaction stored them, so they name each other's
/// account and have the same amount, effective time and details. Data that is in the archive is not compared.
/// </summary>
internal sealed class TransferComparison(IDocumentStore store) : StoredComparison
{
    private const string Events = SchemaNames.Events + ".mt_events";

    private readonly string[] _sent = StoredEventTypes.Names(store, typeof(TransferSent));
    private readonly string[] _received = StoredEventTypes.Names(store, typeof(TransferReceived));

    public override string Name => StreamComparison.LogName;

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var transfers = await streams.ListAsync(
            snapshot, Halves(streams), [_received, _sent], row => Read(row, "both halves of a transfer agree"), ct);
        var corrections = await streams.ListAsync(
            snapshot, Bookings(streams), [], row => Read(row, "all bookings of a correction agree"), ct);
        return [.. transfers, .. corrections];
    }

    private static Difference Read(NpgsqlDataReader row, string rule) => new(
        StreamComparison.LogName, StreamComparison.Event, row.GetGuid(0), $$"""{"rule":"{{rule}}"}""", row.GetString(1));

    /// <summary>The received halves whose sent half is missing or says something else. The transfer has the id of the sent half.</summary>
    private static string Halves(StreamSelection streams) =>
        $"""
        select r.stream_id, jsonb_build_object('version', r.version, 'sent', s.data, 'received', r.data)::text
        from {Events} r
        left join {Events} s on s.id = (r.data ->> 'transferId')::uuid
        left join {AccountsModule.Schema}.mt_doc_account payee on payee.id = r.stream_id
        left join {AccountsModule.Schema}.mt_doc_account payer on payer.id = s.stream_id
        where {streams.OnEvents("r.stream_id", "r.version")} and r.type = any($3) and not r.is_archived
            and (s.id is null or s.type = any($4) and not s.is_archived and (
                s.stream_id::text is distinct from r.data ->> 'from' or s.data ->> 'to' is distinct from r.stream_id::text
                or s.data ->> 'transferId' is distinct from r.data ->> 'transferId'
                or s.data ->> 'toNumber' <> payee.data ->> 'number' or r.data ->> 'fromNumber' <> payer.data ->> 'number'
                or {Differs("s", "r")}))
        order by 1, r.version limit {MaxDifferences}
        """;

    /// <summary>The bookings of corrections that contradict another booking of the same correction.</summary>
    private static string Bookings(StreamSelection streams) =>
        $"""
        select c.stream_id, jsonb_build_object('version', c.version, 'data', c.data)::text
        from {Events} c
        where {streams.OnEvents("c.stream_id", "c.version")} and c.{TransactionReader.IsCorrection} and not c.is_archived
            and (exists (
                select from {Events} o where o.{TransactionReader.IsCorrection} and {Root("o")} = {Root("c")} and not o.is_archived
                    and o.data -> 'correction' ->> 'id' = c.data -> 'correction' ->> 'id'
                    and o.data -> 'correction' <> c.data -> 'correction')
            or c.data -> 'other' ->> 'id' is not null and not exists (
                select from {Events} o where o.{TransactionReader.IsCorrection} and {Root("o")} = {Root("c")}
                    and o.data -> 'correction' ->> 'id' = c.data -> 'correction' ->> 'id'
                    and o.stream_id::text = c.data -> 'other' ->> 'id' and o.stream_id <> c.stream_id and o.type = c.type
                    and (o.is_archived or o.data -> 'other' ->> 'id' = c.stream_id::text and not ({Differs("o", "c")}))))
        order by 1, c.version limit {MaxDifferences}
        """;

    private static string Root(string of) => $"{of}.data -> 'correction' ->> 'transaction'";

    /// <summary>The details of another version of the event have another shape.</summary>
    private static string Differs(string one, string other) =>
        $"""
        {one}.data -> 'amount' is distinct from {other}.data -> 'amount'
            or {one}.data -> 'effectiveAt' is distinct from {other}.data -> 'effectiveAt'
            or right({one}.type, 3) = right({other}.type, 3) and {one}.data -> 'details' is distinct from {other}.data -> 'details'
        """;
}
