using System.Collections.Concurrent;
using System.Diagnostics;
using Banking.Accounts.Domain;
using Banking.Platform.Commands;
using Banking.Platform.EventSourcing;
using Banking.Platform.Following;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Accounts.Features;

/// <summary>
/// Gives accounts their past for the decision on a backdated command. It is read before the account is locked, and under the lock only what
/// came since; so a long stream keeps nobody waiting. What was read is kept for the next such command.
/// </summary>
public sealed class AccountPasts(StreamPast streams, NpgsqlDataSource source, IDocumentStore store) : IPastSource<Account>
{
    /// <summary>Beyond so many steps of all accounts it starts over: it saves reading. Some twenty megabytes.</summary>
    private const int MaxSteps = 500_000;

    private const int MaxAccounts = 1_000;

    /// <summary>They hold until they are changed, so that they are read however long ago they were.</summary>
    private readonly string[] _lasting =
        StoredEventTypes.Names(store, typeof(AccountOpened), typeof(OverdraftLimitSet), typeof(AccountFrozen), typeof(AccountUnfrozen));

    /// <summary>What an account records in so short a time is soon read.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Guid, Known> _known = new();

    /// <summary>Reads ahead, so that little is left to read while the account is locked. What is decided does not depend on it.</summary>
    internal async Task ReadAheadAsync(Guid account, DateTimeOffset since, CancellationToken ct)
    {
        // Of a thousand commands in a batch one reads ahead for all.
        if (!_known.TryGetValue(account, out var known) || known.Past.Since > since || Stopwatch.GetElapsedTime(known.ReadAt) > Recent)
        {
            await using var connection = await source.OpenConnectionAsync(ct);
            try
            {
                await ReadAsync(connection, null, account, since, ct);
            }
            catch (UnreadableEventException)
            {
                // Read again under the lock, where the commands of this account, and no others, are refused for it.
            }
        }
    }

    public async Task<Account> AttachAsync(NpgsqlTransaction transaction, Account state, DateTimeOffset since)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(state);
        return state with { Past = await ReadAsync(transaction.Connection!, transaction, state.Id, since, CancellationToken.None) };
    }

    public Account Detach(Account state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Past is null ? state : state with { Past = null };
    }

    private async Task<AccountPast> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, Guid account, DateTimeOffset since, CancellationToken ct)
    {
        if (_known.TryGetValue(account, out var known) && known.Past.Since <= since)
        {
            var later = await streams.ReadAsync(connection, transaction, account, known.Version, known.Past.Since, _lasting, ct);
            // The last event that is known must be there, or this is another log than the one that it was read from: one that was restored.
            if (later is [var last, ..] && last.Version == known.Version && last.Id == known.EventId)
            {
                return Keep(account, later.Count == 1 ? known.Past : known.Past.With(later.Skip(1).Select(e => e.Data)), later[^1]);
            }
        }

        var events = await streams.ReadAsync(connection, transaction, account, 1, since, _lasting, ct);
        var past = AccountPast.Of(since, events.Select(e => e.Data));
        return events.Count == 0 ? past : Keep(account, past, events[^1]);
    }

    private AccountPast Keep(Guid account, AccountPast past, IEvent last)
    {
        if (_known.Count >= MaxAccounts || _known.Values.Sum(k => k.Past.Count) > MaxSteps)
        {
            _known.Clear();
        }

        _known[account] = new(past, last.Version, last.Id, Stopwatch.GetTimestamp());
        return past;
    }

    /// <param name="Version">The last event that was read.</param>
    private sealed record Known(AccountPast Past, long Version, Guid EventId, long ReadAt);
}
