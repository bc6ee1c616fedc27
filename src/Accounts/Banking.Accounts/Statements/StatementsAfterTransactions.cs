using Banking.Accounts.Contracts;
using Banking.Accounts.Statements.Domain;
using Banking.EventStore.Published;
using Banking.EventStore.Storage;
using Banking.Publishing.Contracts;
using Npgsql;
using Wolverine;

namespace Banking.Accounts.Statements;

public static class StatementsAfterTransactionsHandler
{
    /// <summary>
    /// Submits one command per movement of an account with a statement after each transaction. The message may be delivered again, whole or
    /// in part: the key of each command makes it take effect once.
    /// </summary>
    public static Task Handle(
        EventsPublished message, Envelope envelope, MovementInterest interest, StatementCommands commands, CancellationToken ct)
    {
        // The message has the events that any module is interested in.
        return commands.IssueAfterAsync([.. message.Events.Where(e => interest.Types.Contains(e.Type))], envelope, ct);
    }
}

/// <summary>Subscribes to the movements of accounts with a statement after each transaction.</summary>
public sealed class MovementInterest(NpgsqlDataSource source, IEnumerable<PublicContract> contracts) : IModuleInterest
{
    private const string Sql =
        $"""
        select CAST(data ->> 'account' as uuid) from {AccountsModule.Schema}.mt_doc_account_statements
        where id = any($1) and data -> 'schedule' ->> 'frequency' = 'each-transaction'
        """;

    /// <summary>Every published kind of movement, also one that is added later.</summary>
    public IReadOnlyList<string> Types { get; } =
        [.. contracts.Where(c => c.Stored.IsAssignableTo(typeof(IMovement))).Select(c => c.Type)];

    public async Task<IReadOnlySet<Guid>> AmongAsync(IReadOnlyCollection<Guid> streams, CancellationToken ct) =>
        (await source.ListAsync(Sql, [streams.Select(AccountStatements.IdOf).ToArray()], row => row.GetGuid(0), ct)).ToHashSet();
}
