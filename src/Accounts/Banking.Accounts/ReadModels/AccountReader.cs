using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Platform.Commands;
using Banking.Platform.Following;
using Banking.Platform.Http;
using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>Finds what a caller asks for, and only what they may see: the rest is answered as if it were not there.</summary>
public sealed class AccountReader(
    IDocumentStore store,
    StateReader<Account> states,
    AccountReferences references,
    EventReader events,
    NpgsqlDataSource source,
    TimeProvider clock)
{
    /// <summary>Longer than any transaction of this bank lives.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(1);

    public async Task<Account?> FindAsync(string account, HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        for (var again = true; ; again = false)
        {
            if (await references.ResolveAsync(account, http.RequestAborted) is not { } id)
            {
                return null;
            }

            var found = await states.FindAsync(id, http.RequestAborted);
            if (AccountReferences.Names(account, found))
            {
                return found is not null && http.Caller().CanSee(found) ? found : null;
            }

            references.Forget(account);
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

    /// <summary>The event of that id, if it is of that kind.</summary>
    public async Task<IEvent<T>?> EventAsync<T>(Guid id, CancellationToken ct)
        where T : class => await events.FindAsync(id, ct) as IEvent<T>;

    /// <summary>
    /// Lets writers finish that may have read the clock before the instant asked about and not committed yet, so that what is answered
    /// now about that instant is answered for ever.
    /// </summary>
    public async Task SettleAsync(Guid id, DateTimeOffset knownAt, CancellationToken ct)
    {
        if (knownAt < clock.GetUtcNow() - Recent)
        {
            return;
        }

        // Both in one transaction. A row lock is written down like a change; nothing is lost if this one is, so nobody waits for the disk.
        await using var command = source.CreateBatch();
        command.BatchCommands.Add(new("select set_config('synchronous_commit', 'off', true)"));
        command.BatchCommands.Add(
            new($"select version from {store.Options.Events.DatabaseSchemaName}.mt_streams where id = $1 and not is_archived for share")
            {
                Parameters = { new() { Value = id } },
            });
        await command.ExecuteNonQueryAsync(ct);
    }
}
