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
    /// <summary>After so many attempts, nearly two minutes, a transient cause has passed.</summary>
    private const int MaxAttempts = 3;

    private readonly string[] _outside = [.. outside.Select(m => m.StoredName)];

    // A dead letter that an operator has marked as replayable is about to be decided again.
    private static readonly string Sql =
        $"""
        select
            (select count(*) from (
                select from {DueTable.Name} where due_at <= $1 and attempts > {MaxAttempts} limit $3) d),
            (select count(*) from (
                select from wolverine.wolverine_dead_letters where message_type <> all($2) and replayable is not true limit $3) m)
        """;

    public async Task<FailedWorkCount> CountAsync(CancellationToken ct) => (await source.ListAsync(
        Sql, [clock.GetUtcNow(), _outside, FailedWorkCount.Max], row => new FailedWorkCount(row.GetInt64(0), row.GetInt64(1)), ct))[0];
}
