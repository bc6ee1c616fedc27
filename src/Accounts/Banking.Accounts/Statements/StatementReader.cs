using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Statements.Domain;
using Banking.Accounts.Statements.Formats;
using Banking.Commands.Decisions;
using Banking.EventStore.Streams;
using Banking.SharedKernel;
using JasperFx.Events;
using Microsoft.Extensions.Logging;

namespace Banking.Accounts.Statements;

/// <summary>Reads the content of statements: when one is issued, and again whenever it is rendered.</summary>
public sealed class StatementReader(
    PeriodEntries periods, HistoricalBalances balances, StatementLimits limits, ILogger<StatementReader> log) : IDisposable
{
    /// <summary>At the end of a month many statements are due at once, and each may be long.</summary>
    private readonly SemaphoreSlim _readers = new(limits.MaxReaders);

    public void Dispose() => _readers.Dispose();

    /// <summary>What a decision needs of the content of a period, or the reason why there can be no statement of it.</summary>
    internal Task<(StatementDigest? Digest, Refusal? Problem)> DigestAsync(
        Account account, DateOnly from, DateOnly to, CancellationToken ct) =>
        WithFewOthersAsync(
            async () =>
            {
                var (content, problem) = await ReadAsync(account, from, to, account.Version, ct);
                return (content is null ? null : StatementDigest.Of(content), problem);
            },
            ct);

    /// <summary>The hash of what a restatement adds.</summary>
    internal Task<(string? Hash, Refusal? Problem)> AddedHashAsync(
        Account account, long knownBefore, DateOnly to, CancellationToken ct) =>
        WithFewOthersAsync(
            async () =>
            {
                var (added, problem) = await ReadAddedAsync(account, knownBefore, account.Version, to, ct);
                return (added is null ? null : ContentHash.Of(added), problem);
            },
            ct);

    /// <summary>The statement of an event, or the problem: its content is not what was issued.</summary>
    /// <param name="superseded">The statement that it supersedes; null if it supersedes none.</param>
    internal Task<(Statement? Statement, Refusal? Problem)> ReadAsync(
        Account account, IEvent<StatementIssued> issued, StatementIssued? superseded, CancellationToken ct) =>
        WithFewOthersAsync(() => ReadIssuedAsync(account, issued, superseded, ct), ct);

    /// <summary>Whether a statement still has the content that it was issued with, so that it can be rendered.</summary>
    internal async Task<bool> IsAsIssuedAsync(
        Account account, IEvent<StatementIssued> issued, StatementIssued? superseded, CancellationToken ct) =>
        await WithFewOthersAsync(() => FindIssuedAsync(account, issued, superseded, ct), ct) is not null;

    private async Task<T> WithFewOthersAsync<T>(Func<Task<T>> read, CancellationToken ct)
    {
        await _readers.WaitAsync(ct);
        try
        {
            return await read();
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <summary>The content of a period as known at a version of the account, or the reason why there can be no statement of it.</summary>
    private async Task<(StatementContent? Content, Refusal? Problem)> ReadAsync(
        Account account, DateOnly from, DateOnly to, long version, CancellationToken ct)
    {
        if (await periods.ReadAsync(account, from, to, version, limits.MaxEntries, ct) is not { } period)
        {
            return (null, TooLong);
        }

        return Content(account, from, to, period) is { } content
            ? (content, null)
            : (null, Refusal.RuleBroken("balance_too_large", "A balance of the period is larger than this bank can state."));
    }

    /// <summary>The content of a period; null if a balance is too large.</summary>
    internal static StatementContent? Content(Account account, DateOnly from, DateOnly to, EntriesOfPeriod period)
    {
        var balance = period.Opening;
        var entries = new List<StatementEntry>(period.Movements.Count);
        foreach (var e in period.Movements)
        {
            balance = StreamFold.Apply(e, () => balance + ((IMovement)e.Data).SignedAmount);
            if (!IsAmount(balance))
            {
                break;
            }

            entries.Add(StoredEntry.Of(e, balance.ToMoney()));
        }

        return IsAmount(period.Opening) && IsAmount(balance)
            ? new(AccountId.Format(account.Id), account.Number.Value, from, to, period.Opening.ToMoney(), entries)
            : null;
    }

    /// <summary>
    /// The content of the statement of one movement: its balances are those right before and right after it was booked. Null if the event
    /// cannot be read or is no movement.
    /// </summary>
    internal async Task<StatementContent?> ReadEntryAsync(Account account, long version, CancellationToken ct)
    {
        var at = (await balances.AtVersionAsync(account, version, ct)).At;
        if (at.Last is not { Data: IMovement } e || e.Version != version)
        {
            return null;
        }

        var after = at.Balance.ToMoney();
        var entry = StoredEntry.Of(e, after);
        return new(
            AccountId.Format(account.Id), account.Number.Value, entry.EffectiveDay, entry.EffectiveDay.AddDays(1),
            after - entry.SignedAmount, [entry]);
    }

    /// <summary>The entries that an earlier statement of a period did not know: those of the period, and earlier ones.</summary>
    private async Task<(IReadOnlyList<StatementEntry>? Added, Refusal? Problem)> ReadAddedAsync(
        Account account, long knownBefore, long version, DateOnly to, CancellationToken ct) =>
        await periods.AddedAsync(account, knownBefore, version, to, limits.MaxEntries, ct) is { } added
            ? ([.. added.Select(e => StoredEntry.Of(e, null))], null)
            : (null, TooLong);

    private async Task<(Statement? Statement, Refusal? Problem)> ReadIssuedAsync(
        Account account, IEvent<StatementIssued> issued, StatementIssued? superseded, CancellationToken ct)
    {
        if (await FindIssuedAsync(account, issued, superseded, ct) is { } found)
        {
            return (found, null);
        }

        var e = issued.Data;
        log.LogError(
            "Statement {Statement} of account {Account} cannot be rendered, because its entries no longer have the hash {Hash}. An "
                + "event was changed, lost or archived; run verify --full.",
            StatementId.Format(e.Statement), AccountId.Format(account.Id), e.ContentHash);
        return (null, Refusal.Of(
            RefusalKind.Unreadable, "statement_differs",
            "The entries of this statement are not the ones that it was issued with. The bank must examine its event log.",
            ("statement", StatementId.Format(e.Statement))));
    }

    /// <summary>The statement of an event; null if its content is not what was issued.</summary>
    private async Task<Statement?> FindIssuedAsync(
        Account account, IEvent<StatementIssued> issued, StatementIssued? superseded, CancellationToken ct)
    {
        var e = issued.Data;
        var content = e.Entry is { } entry
            ? await ReadEntryAsync(account, entry, ct)
            : (await ReadAsync(account, e.From, e.To, e.AccountVersion, ct)).Content;
        var added = superseded is null
            ? null
            : (await ReadAddedAsync(account, superseded.AccountVersion, e.AccountVersion, e.To, ct)).Added;
        if (content is null || !IsAsIssued(content, e)
            || superseded?.Statement != e.Supersedes || (added is null ? null : ContentHash.Of(added)) != e.AddedHash)
        {
            return null;
        }

        var restates = added is null ? null : new Restatement(StatementId.Format(superseded!.Statement), added);
        return new(StatementId.Format(e.Statement), e.Number, issued.Timestamp, e.KnownAt, content, e.ContentHash, restates);
    }

    private static bool IsAsIssued(StatementContent content, StatementIssued e)
    {
        var digest = StatementDigest.Of(content);
        return (digest.Hash, digest.Opening, digest.Closing, digest.Entries) == (e.ContentHash, e.Opening, e.Closing, e.Entries);
    }

    private Refusal TooLong => Refusal.RuleBroken(
        "statement_too_long", "The period has more entries than a statement can have: choose a shorter one.",
        ("maxEntries", limits.MaxEntries));

    private static bool IsAmount(MoneySum sum) => sum.Minor >= long.MinValue && sum.Minor <= long.MaxValue;
}
