using System.Numerics;
using Banking.Accounts.Domain;
using Banking.EventStore.Storage;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>A balance of one account.</summary>
/// <param name="Version">The version of the account up to which its events were considered.</param>
public sealed record HistoricalBalance(BalanceAt At, long Version);

/// <summary>
/// Balances of one account at past instants and versions. They come from the rows of the read model, and from the events that the read
/// model does not have yet. So an answer is never behind the log; a lagging read model only makes it slower.
/// </summary>
public sealed class HistoricalBalances(NpgsqlDataSource source, AccountReader reader)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string IsEffective = MomentParts.IsEffective;

    private static readonly string AtInstants =
        Sql($"with recursive {Chunks.LastKnown("$3")}, known as (select low as version from search where low = high)");

    private static readonly string AtInstantAndVersion =
        Sql($"with known as (select least(coalesce(max(version), 0), $3::bigint) as version from {Entry} where account = $1)");

    private const string AtAVersion =
        $"""
        with reach as (select version, balance from {Entry} where account = $1 and version <= $2 order by version desc limit 1)
        select version, balance::numeric, version::int, version,
            coalesce((select overdraft_limit from {Entry}
                where account = $1 and version <= $2 and not movement and overdraft_limit is not null order by version desc limit 1), 0)
        from reach
        """;

    /// <summary>The balance of the events that took effect by one instant, of those recorded by another.</summary>
    public Task<HistoricalBalance> AtAsync(Account account, DateTimeOffset effectiveAt, DateTimeOffset knownAt, CancellationToken ct)
    {
        return AtAsync(account, AtInstants, 0, effectiveAt, knownAt, ct, EntryRow.MicrosecondOf(effectiveAt), knownAt.UtcDateTime,
            EntryRow.TickOf(effectiveAt));
    }

    /// <summary>The balance of the events that took effect by an instant, of those up to a version.</summary>
    public async Task<BalanceAt> AtAsync(Account account, DateTimeOffset effectiveAt, long version, CancellationToken ct)
    {
        // Version 0 is before the first event; as the end of a stream it would mean all events.
        return version == 0
            ? BalanceAt.Nothing(account.Currency)
            : (await AtAsync(
                account, AtInstantAndVersion, version, effectiveAt, DateTimeOffset.MaxValue, ct, EntryRow.MicrosecondOf(effectiveAt),
                version, EntryRow.TickOf(effectiveAt))).At;
    }

    /// <summary>The balance right after an event of the account, whatever its effective time.</summary>
    public Task<HistoricalBalance> AtVersionAsync(Account account, long version, CancellationToken ct)
    {
        return AtAsync(account, AtAVersion, version, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue, ct, version);
    }

    private async Task<HistoricalBalance> AtAsync(
        Account account,
        string sql,
        long upTo,
        DateTimeOffset effectiveAt,
        DateTimeOffset knownAt,
        CancellationToken ct,
        params object[] values)
    {
        var (lastRow, lastIncluded, at) = await ReadRowsAsync(account, sql, values, ct);
        IReadOnlyList<IEvent> newer = upTo > 0 && lastRow >= upTo ? [] : await reader.EventsAsync(account.Id, upTo, lastRow + 1, ct);
        at = at.With(newer, effectiveAt, knownAt);
        if (at is { Last: null, Events: > 0 })
        {
            // Null if the events are archived: archived events are not served, and neither are balances computed from them.
            at = at with { Last = await reader.EventsAsync(account.Id, lastIncluded, lastIncluded, ct) is [var e] ? e : null };
        }

        return new(at, lastRow + newer.Count);
    }

    private async Task<(long LastRow, long LastIncluded, BalanceAt At)> ReadRowsAsync(
        Account account, string sql, object[] values, CancellationToken ct)
    {
        var rows = await source.ListAsync(
            sql,
            [account.Id, .. values],
            row => (
                row.GetInt64(0),
                row.GetInt64(3),
                new BalanceAt(
                    new((Int128)row.GetFieldValue<BigInteger>(1), account.Currency),
                    new(row.GetInt64(4), account.Currency),
                    null,
                    row.GetInt32(2))),
            ct);
        return rows is [var found] ? found : (0, 0, BalanceAt.Nothing(account.Currency));
    }

    private static string Sql(string known) =>
        $"""
        {known},
            parts as ({MomentParts.Of("credits - debits as net, events, last_version", "e.amount, 1, e.version")})
        select (select coalesce(max(version), 0) from {Entry} where account = $1),
            coalesce(sum(net), 0)::numeric, coalesce(sum(events), 0)::int, coalesce(max(last_version), 0),
            coalesce((select overdraft_limit from {Entry} e
                where account = $1 and not movement and overdraft_limit is not null and {IsEffective}
                    and version <= (select version from known)
                order by version desc limit 1), 0)
        from parts
        """;
}
