using System.Security.Cryptography;
using System.Text;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Accounts.Features;

/// <summary>Carries the states of accounts forward (ADR 0077).</summary>
/// <param name="pageSize">The number of accounts of one message.</param>
public sealed class CarryingForward(
    CommandGroup<Account> group, NpgsqlDataSource source, CarryForwardPolicy policy, TimeProvider clock,
    ILogger<CarryingForward> log, int pageSize = 200)
{
    /// <summary>The next open accounts with enough events since their state was last carried forward.</summary>
    private const string Long =
        $"""
        select a.id from {AccountsModule.Schema}.mt_doc_account a join {SchemaNames.Streams} s on s.id = a.id and not s.is_archived
        where a.id > $1 and a.mt_version - coalesce((a.data ->> 'carriedAt')::bigint, 0) >= $2 and a.data ->> 'status' <> 'closed'
        order by a.id limit $3
        """;

    internal const string IndexName = "idx_accounts_carried_forward";

    /// <summary>Finds the event at which the fold of an account starts, without a scan of its stream.</summary>
    internal static string Index { get; } =
        $"create index if not exists {IndexName} on {SchemaNames.Events}.mt_events (stream_id, version) "
            + $"where type = '{EventNames.All[typeof(AccountCarriedForward)]}'";

    internal Task<Outcome> RunAsync(CarryAccountForward command, CommandContext context, CancellationToken ct)
    {
        var eventId = Ids.Next(clock);
        return group.SubmitAsync(
            new(
                context,
                [command.Account],
                states => states.Find(command.Account) is null
                    ? new Decision.Rejected(Visibility.NotFound(AccountId.Format(command.Account)))
                    : null,
                (states, now) => Decide(states[command.Account], eventId, now),
                (states, events, now) => AccountAnswers.Of(states[command.Account], events, now, reason: null)),
            ct);
    }

    /// <summary>
    /// Carries a page of accounts forward after a period was closed, and returns the message for the next page; null after the last one.
    /// A message that comes again finds the rest: accounts that were carried forward are not selected. An account whose command cannot be
    /// decided keeps no other from being carried forward.
    /// </summary>
    /// <exception cref="CommandPostponedException">The database failed. The message comes again.</exception>
    internal async Task<CarryAccountsForward?> RunAsync(CarryAccountsForward page, string? correlation, CancellationToken ct)
    {
        var accounts = policy.EventsAtClose == 0
            ? []
            : await source.ListAsync(Long, [page.After, (long)policy.EventsAtClose, pageSize], row => row.GetGuid(0), ct);
        var outcomes = await Task.WhenAll(accounts.Select(a => RunAsync(new CarryAccountForward(a), Context(page, a, correlation), ct)));
        foreach (var (account, refusal) in accounts.Zip(outcomes.Select(o => (o as Outcome.NotRecorded)?.Refusal)))
        {
            if (refusal is { CanRetry: true })
            {
                throw new CommandPostponedException(refusal.Code, refusal.Detail);
            }

            if (refusal is { IsFailure: true })
            {
                log.LogError(
                    "The state of account {Account} could not be carried forward: {Detail} The next closing tries it again.",
                    AccountId.Format(account), refusal.Detail);
            }
        }

        return accounts.Count == pageSize ? page with { After = accounts[^1] } : null;
    }

    private static CommandContext Context(CarryAccountsForward page, Guid account, string? correlation)
    {
        var key = $"{page.Closing:N}-{account:N}";
        return new(
            new("service:banking", Roles.Service, null, Channels.Bus), CarryAccountForward.Operation, key,
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))),
            correlation ?? page.Closing.ToString(), page.Closing.ToString());
    }

    /// <summary>It changes nothing. A closed account gets no further command, and its stream ends with its closing.</summary>
    internal static Decision Decide(Account account, Guid eventId, DateTimeOffset now) =>
        Guards.CheckOpen(account) is { } closed ? new Decision.Refused(closed)
        : new Decision.Accepted(new NewEvent(account.Id, eventId, AccountCarriedForward.Of(account, now)));
}
