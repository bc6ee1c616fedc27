using System.Collections.Concurrent;
using System.Diagnostics;
using Banking.Accounts.Domain;
using Banking.Commands.Groups;
using Banking.EventStore.Log;
using Banking.EventStore.Streams;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Accounts.Features;

/// <summary>
/// Reads and caches the timelines of accounts for decisions on backdated commands. A timeline is read before the account is locked; under
/// the lock only newer events are read, so that a long stream does not delay other commands.
/// </summary>
/// <param name="maxSteps">The cache is cleared when it holds more steps than this, some twenty megabytes. Timelines in use do not
/// count.</param>
public sealed class AccountTimelineSource(
    StreamTimeline streams, NpgsqlDataSource source, IDocumentStore store, int maxSteps = 500_000) : ITimelineSource<Account>
{
    private const int MaxAccounts = 1_000;

    /// <summary>Events that are read whatever their age: they stay in force until changed, or correct a transaction for ever.</summary>
    private readonly string[] _lastingTypes = StoredEventTypes.Names(
        store, typeof(AccountOpened), typeof(OverdraftLimitSet), typeof(AccountFrozen), typeof(AccountUnfrozen),
        typeof(MovementReversed), typeof(MovementRebooked));

    /// <summary>A timeline read less than this ago is not read ahead again: few events can be missing.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Guid, Cached> _cache = new();

    /// <summary>The commands that read ahead and are not decided yet, each with its accounts.</summary>
    private readonly ConcurrentDictionary<object, IReadOnlyCollection<Guid>> _inUse = new();

    /// <summary>
    /// Reads ahead, and keeps the timelines in the cache until the result is disposed: after the decision. Without that, a command on two
    /// long streams would read the whole of one under the locks of both, because the other takes its place in the cache.
    /// </summary>
    internal async Task<IDisposable> ReadAheadAsync(IReadOnlyCollection<Guid> accounts, DateTimeOffset since, CancellationToken ct)
    {
        var use = new Use(_inUse);
        _inUse[use] = accounts;
        try
        {
            foreach (var account in accounts)
            {
                await ReadAheadAsync(account, since, ct);
            }

            return use;
        }
        catch
        {
            use.Dispose();
            throw;
        }
    }

    /// <summary>Reads ahead, so that little is left to read under the lock. The decision does not depend on it.</summary>
    internal async Task ReadAheadAsync(Guid account, DateTimeOffset since, CancellationToken ct)
    {
        // In a batch of a thousand commands, one reads ahead for all.
        if (!_cache.TryGetValue(account, out var cached)
            || cached.Timeline.Since > since
            || Stopwatch.GetElapsedTime(cached.ReadAt) > MaxAge)
        {
            await using var connection = await source.OpenConnectionAsync(ct);
            try
            {
                await ReadAsync(connection, account, since, ct);
            }
            catch (UnreadableEventException)
            {
                // The read under the lock fails too, and refuses the commands of this account only.
            }
        }
    }

    public async Task<Account> AttachAsync(NpgsqlTransaction transaction, Account state, DateTimeOffset since)
    {
        return state with { Timeline = await ReadAsync(transaction.Connection!, state.Id, since, CancellationToken.None) };
    }

    public Account Detach(Account state)
    {
        return state.Timeline is null ? state : state with { Timeline = null };
    }

    /// <summary>The timeline as the log has it now, for a decision that is only shown.</summary>
    /// <exception cref="UnreadableEventException">An event cannot be read.</exception>
    internal async Task<AccountTimeline> ReadAsync(Guid account, DateTimeOffset since, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await ReadAsync(connection, account, since, ct);
    }

    private async Task<AccountTimeline> ReadAsync(
        NpgsqlConnection connection, Guid account, DateTimeOffset since, CancellationToken ct)
    {
        if (_cache.TryGetValue(account, out var cached) && cached.Timeline.Since <= since)
        {
            var later = await streams.ReadAsync(connection, account, cached.Version, cached.Timeline.Since, _lastingTypes, ct);
            // If the last cached event is not in the log, the database was restored since: discard the cached timeline.
            if (later is [var last, ..] && last.Version == cached.Version && last.Id == cached.EventId)
            {
                if (later.Count > 1)
                {
                    return Cache(account, cached.Timeline.With(later.Skip(1).Select(e => e.AccountEvent())), later[^1]);
                }

                _cache.TryUpdate(account, cached with { ReadAt = Stopwatch.GetTimestamp() }, cached);
                return cached.Timeline;
            }
        }

        var events = await streams.ReadAsync(connection, account, 1, since, _lastingTypes, ct);
        var timeline = AccountTimeline.Of(since, events.Select(e => e.AccountEvent()));
        return events.Count == 0 ? timeline : Cache(account, timeline, events[^1]);
    }

    private AccountTimeline Cache(Guid account, AccountTimeline timeline, IEvent last)
    {
        var inUse = _inUse.Values.SelectMany(a => a).ToHashSet();
        var unused = _cache.Where(c => !inUse.Contains(c.Key)).ToList();
        if (unused.Count >= MaxAccounts || unused.Sum(c => c.Value.Timeline.Count) > maxSteps)
        {
            foreach (var (other, _) in unused)
            {
                _cache.TryRemove(other, out _);
            }
        }

        _cache[account] = new(timeline, last.Version, last.Id, Stopwatch.GetTimestamp());
        return timeline;
    }

    private sealed class Use(ConcurrentDictionary<object, IReadOnlyCollection<Guid>> inUse) : IDisposable
    {
        public void Dispose() => inUse.TryRemove(this, out _);
    }

    /// <param name="Version">The version of the last event in the timeline.</param>
    private sealed record Cached(AccountTimeline Timeline, long Version, Guid EventId, long ReadAt);
}
