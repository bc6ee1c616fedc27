using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.Web.Http;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>An account at a past moment.</summary>
/// <param name="State">Everything but the balance.</param>
/// <param name="At">The balance.</param>
public sealed record HistoricalAccount(Account State, BalanceAt At)
{
    internal AccountView View(DateTimeOffset effectiveAt, DateTimeOffset knownAt) => AccountView.Of(State) with
    {
        Balance = Amount.Of(At.Balance),
        Available = Amount.Of(At.Available),
        Version = At.Last?.Version ?? 0,
        EffectiveAt = effectiveAt,
        KnownAt = knownAt,
    };
}

/// <summary>
/// Accounts at past instants and versions: status, limit, freezes, delegates and balance. The events that move no money are few, so they
/// are folded again; the balance comes from the entries. An answer is never behind the log.
/// </summary>
public sealed class HistoricalAccounts(NpgsqlDataSource source, EventReader events, AccountReader reader, HistoricalBalances balances)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";

    private const string NotMovements =
        $"""
        select coalesce(max(version), 0), array(
            select position from {Entry} where account = $1 and not movement and ($2 = 0 or version <= $2) order by version)
        from {Entry} where account = $1
        """;

    /// <returns>Null if the account was not opened at that moment, or its events are archived.</returns>
    public async Task<HistoricalAccount?> AtAsync(Account account, Moment.AtInstants moment, CancellationToken ct)
    {
        await reader.WaitForWritersAsync(account.Id, moment.KnownAt, ct);
        var known = (await NotMovementsAsync(account, 0, ct))
            .Where(e => e.Timestamp <= moment.KnownAt && e.AccountEvent().EffectiveAt <= moment.EffectiveAt);
        return Fold(account.Id, known) is { } state
            ? new(state, (await balances.AtAsync(account, moment.EffectiveAt, moment.KnownAt, ct)).At)
            : null;
    }

    /// <returns>Null if the account's events are archived.</returns>
    public async Task<HistoricalAccount?> AtVersionAsync(Account account, long version, CancellationToken ct)
    {
        return Fold(account.Id, await NotMovementsAsync(account, version, ct)) is { } state
            ? new(state, (await balances.AtVersionAsync(account, version, ct)).At)
            : null;
    }

    /// <summary>The state that some of an account's events make, in the order of their versions; null before the opening.</summary>
    internal static Account? Fold(Guid id, IEnumerable<IEvent> events) => events.Aggregate(
        (Account?)null,
        (state, e) => state is null && e.Data is not AccountOpened
            ? null
            : StreamFold.Apply(e, () => Account.Fold(state, id, e.Data, e.Timestamp)));

    /// <summary>The events of an account that move no money, oldest first.</summary>
    /// <param name="upTo">The last version; 0 for all events.</param>
    internal async Task<IReadOnlyList<IEvent>> NotMovementsAsync(Account account, long upTo, CancellationToken ct)
    {
        var rows = await source.ListAsync(
            NotMovements, [account.Id, upTo], row => (Last: row.GetInt64(0), Positions: row.GetFieldValue<long[]>(1)), ct);
        var (last, positions) = rows[0];
        var newer = upTo > 0 && last >= upTo ? [] : await reader.EventsAsync(account.Id, upTo, last + 1, ct);
        return [.. await events.AtAsync(positions, ct), .. newer.Where(e => e.Data is not IMovement)];
    }
}
