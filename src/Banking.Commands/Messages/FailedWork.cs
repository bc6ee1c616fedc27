using Banking.Commands.Due;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Commands.Messages;

/// <summary>Messages that services outside send. They learn the code of a rejection; the bank owes no work for them.</summary>
/// <param name="StoredName">The name of their type.</param>
public sealed record OutsideMessage(string StoredName);

/// <summary>Work of the bank that failed. Each number is at most <see cref="Max"/>, which then stands for that many or more.</summary>
/// <param name="DueCommands">Commands whose time has come and that failed again and again. They are still retried.</param>
/// <param name="Messages">Messages of the bank itself that are dead letters.</param>
public sealed record FailedWorkCount(long DueCommands, long Messages)
{
    /// <summary>The largest number that is counted: a probe must not cost more with each failure.</summary>
    public const long Max = 1_000;
}

/// <summary>Counts the work of the bank that fails again and again, or has failed for good.</summary>
public sealed class FailedWork(NpgsqlDataSource source, IEnumerable<OutsideMessage> outside, TimeProvider clock)
{
    /// <summary>Wolverine's table of dead letters.</summary>
    public const string DeadLetterTable = "wolverine_dead_letters";

    /// <summary>
    /// The index of the bank's own dead letters. A service outside can send any number of messages that are rejected, and a probe must not
    /// read all of them to find that there are no others.
    /// </summary>
    public const string IndexName = "idx_banking_own_dead_letters";

    /// <summary>After so many attempts, nearly two minutes, a transient cause has passed.</summary>
    private const int MaxAttempts = 3;

    private const string DeadLetters = "wolverine." + DeadLetterTable;

    /// <summary>The statement of a probe: $1 is the time, and $2 the largest number that is counted.</summary>
    public string Sql { get; } =
        $"""
        select
            (select count(*) from (select from {DueTable.Name} where due_at <= $1 and attempts > {MaxAttempts} limit $2) d),
            (select count(*) from (select from {DeadLetters} where {IsOwn(outside)} limit $2) m)
        """;

    /// <summary>Creates the index.</summary>
    public static string CreateIndex(IEnumerable<OutsideMessage> outside) =>
        $"create index if not exists {IndexName} on {DeadLetters} (message_type) where {IsOwn(outside)}";

    public async Task<FailedWorkCount> CountAsync(CancellationToken ct) => (await source.ListAsync(
        Sql, [clock.GetUtcNow(), FailedWorkCount.Max], row => new FailedWorkCount(row.GetInt64(0), row.GetInt64(1)), ct))[0];

    /// <summary>
    /// The condition of the bank's own dead letters. One that an operator has marked as replayable is about to be decided again. The names
    /// are literals, because PostgreSQL uses a partial index only if the statement has its condition.
    /// </summary>
    private static string IsOwn(IEnumerable<OutsideMessage> outside) => string.Join(
        " and ",
        outside.Select(m => $"message_type <> '{m.StoredName}'").Order(StringComparer.Ordinal).Append("replayable is not true"));
}
