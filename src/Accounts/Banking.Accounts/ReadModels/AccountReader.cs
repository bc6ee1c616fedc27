using Banking.Accounts.Domain;
using Banking.Accounts.Lookups;
using Banking.Commands.Groups;
using Banking.EventStore.Callers;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.SharedKernel;
using Banking.Web.Http;
using JasperFx.Events;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>Finds accounts and events for a caller. An account that the caller may not see is treated as not found.</summary>
public sealed class AccountReader(
    StateReader<Account> states,
    AccountResolver resolver,
    EventReader events,
    NpgsqlDataSource source,
    TimeProvider clock)
{
    public Task<Account?> FindAsync(string account, HttpContext http)
    {
        return FindAsync(account, http.Caller(), http.RequestAborted);
    }

    /// <param name="account">Public id or account number.</param>
    public async Task<Account?> FindAsync(string account, Caller caller, CancellationToken ct)
    {
        for (var again = true; ; again = false)
        {
            if (await resolver.ResolveAsync(account, ct) is not { } id)
            {
                return null;
            }

            var found = await states.FindAsync(id, ct);
            if (AccountResolver.IsReferenceTo(account, found))
            {
                return found is not null && caller.CanSee(found) ? found : null;
            }

            resolver.Forget(account);
            if (!again)
            {
                return null;
            }
        }
    }

    /// <summary>The events of an account up to a version, oldest first.</summary>
    /// <exception cref="UnreadableEventException">One of them cannot be read.</exception>
    public Task<IReadOnlyList<IEvent>> EventsAsync(Guid id, long upTo, long from, CancellationToken ct) =>
        events.StreamAsync(id, from, upTo, ct);

    /// <summary>The event with this id; null if there is none or it has another type.</summary>
    public async Task<IEvent<T>?> EventAsync<T>(Guid id, CancellationToken ct)
        where T : class => await EventAsync(id, ct) as IEvent<T>;

    /// <summary>The event with this id; null if there is none.</summary>
    public Task<IEvent?> EventAsync(Guid id, CancellationToken ct) => events.FindAsync(id, ct);

    /// <summary>
    /// The account as known now, and the time by which all events up to its version, and no others, were recorded. Null if it does not
    /// exist.
    /// </summary>
    public async Task<(Account Account, DateTimeOffset KnownAt)?> FindKnownAsync(Guid id, CancellationToken ct)
    {
        var now = clock.GetUtcNow().CutToMicroseconds();
        await WaitForWritersAsync(id, now, ct);
        return await states.FindAsync(id, ct) is { } account
            ? (account, account.RecordedAt > now ? account.RecordedAt : now)
            : null;
    }

    /// <summary>
    /// Waits for uncommitted commands that may have read the clock before <paramref name="knownAt"/>, so that the answer about that instant
    /// never changes.
    /// </summary>
    public async Task WaitForWritersAsync(Guid id, DateTimeOffset knownAt, CancellationToken ct)
    {
        if (knownAt < clock.GetUtcNow() - OpenWriters.MaxTransactionTime)
        {
            return;
        }

        // Both commands run in one transaction. A row lock is written to the WAL; losing this one does no harm, so COMMIT need not wait for
        // the disk.
        await using var command = source.CreateBatch();
        command.BatchCommands.Add(new("select set_config('synchronous_commit', 'off', true)"));
        command.BatchCommands.Add(
            new($"select version from {SchemaNames.Streams} where id = $1 and not is_archived for share")
            {
                Parameters = { new() { Value = id } },
            });
        await command.ExecuteNonQueryAsync(ct);
    }
}
