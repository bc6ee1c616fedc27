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
        select s.id from {SchemaNames.Streams} s left join {AccountsModule.Schema}.mt_doc_account_statements d on d.id = s.id
        where s.id = any($1) and (d.id is null or (d.data ->> 'version')::bigint <> s.version
            or d.data -> 'schedule' ->> 'frequency' = 'each-transaction')
        """;

    /// <summary>Every published kind of movement, also one that is added later.</summary>
    public IReadOnlyList<string> Types { get; } =
        [.. contracts.Where(c => c.Stored.IsAssignableTo(typeof(IMovement))).Select(c => c.Type)];

    /// <summary>
    /// Accounts whose stored state is missing, or not at its stream's version, are among them: the handler folds it from the events.
    /// </summary>
    public async Task<IReadOnlySet<Guid>> AmongAsync(IReadOnlyCollection<Guid> streams, CancellationToken ct)
    {
        var accounts = streams.Distinct().ToDictionary(AccountStatements.IdOf);
        return (await source.ListAsync(Sql, [accounts.Keys.ToArray()], row => accounts[row.GetGuid(0)], ct)).ToHashSet();
    }
}
