using Banking.Commands.Decisions;
using Banking.Commands.Due;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.SharedKernel;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Compares the due table with the streams that wait for a command, such as the next statement of a schedule. A decision and the row of its
/// next command are stored in one transaction, so each snapshot has both.
/// </summary>
public abstract class DueComparison : StoredComparison
{
    public const string Table = "due";

    /// <summary>Earlier versions of the bank scheduled some commands up to this much earlier.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    private const string Sql =
        $"""
        select d.id is null, d.operation, d.due_at, d.command
        from unnest($1) with ordinality as w(id, place) left join {DueTable.Name} d on d.id = w.id order by w.place
        """;

    public override string Name => Table;

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var waits = await WaitsAsync(snapshot, events, ct);
        if (waits.Count == 0)
        {
            return [];
        }

        // One row for each wait, in the same order.
        var next = 0;
        var found = await snapshot.ListAsync(
            Sql, [waits.Select(w => w.Due.Id).ToArray()], row => Compare(waits[next++], row), ct, timeoutSeconds: 0);
        return [.. found.OfType<Difference>()];
    }

    /// <summary>The command that each of the streams waits for.</summary>
    protected abstract Task<IReadOnlyList<(Guid Stream, DueCommand Due)>> WaitsAsync(
        NpgsqlConnection snapshot, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct);

    private Difference? Compare((Guid Stream, DueCommand Due) wait, NpgsqlDataReader row)
    {
        var due = wait.Due;
        var command = DueRow.TextOf(due.Command);
        var expected = Text(due.Operation, due.DueAt.CutToMicroseconds(), command);
        if (row.GetBoolean(0))
        {
            return new(Name, Table, wait.Stream, expected, null, due.Id);
        }

        var (operation, dueAt, text) = (row.GetString(1), row.GetFieldValue<DateTimeOffset>(2), row.GetString(3));
        var isMoved = dueAt > due.DueAt || dueAt < due.DueAt.CutToMicroseconds() - Tolerance;
        return operation != due.Operation || isMoved || !JsonText.IsSame(command, text)
            ? new(Name, Table, wait.Stream, expected, Text(operation, dueAt, text), due.Id)
            : null;
    }

    private static string Text(string operation, DateTimeOffset dueAt, string command) => Text(new { operation, dueAt, command });
}
