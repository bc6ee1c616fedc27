using Banking.Commands.Operators;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Documents;

/// <summary>
/// State of the document read models: Marten's progress, and a table for what Marten does not store: the event before which a projection is
/// paused, and its rebuilds.
/// </summary>
public sealed class ProjectionStates(DocumentModels models, NpgsqlDataSource source, ReadModelLog operatorLog, TimeProvider clock)
{
    /// <summary>Number of positions that are searched for an unknown event with one statement.</summary>
    private const long UnknownPartSize = 250_000;

    private const string Table = SchemaNames.Platform + ".projection";

    internal const string Sql =
        $"""
        create table if not exists {Table} (
            name text primary key, generation int not null default 1, paused_at timestamptz, pause_position bigint, pause_reason text,
            requested_at timestamptz, requested_by text, reason text,
            started_at timestamptz, target bigint, finished_at timestamptz, outcome text)
        """;

    private const string Select =
        $"""
        select m.name, coalesce(p.last_seq_id, 0), p.last_updated, coalesce(s.generation, 1), s.paused_at, s.pause_position, s.pause_reason,
            s.requested_at, s.requested_by, s.reason, s.started_at, s.target, s.finished_at, s.outcome,
            (select coalesce(max(seq_id), 0) from {SchemaNames.Events}.mt_events)
        from unnest($1::text[], $2::text[]) as m(name, shard)
        left join {SchemaNames.Events}.mt_event_progression p on p.name = m.shard
        left join {Table} s on s.name = m.name
        order by 1
        """;

    public Task<IReadOnlyList<ProjectionStatus>> AllAsync(CancellationToken ct) => ReadAsync(models.All, ct);

    public async Task<ProjectionStatus> OfAsync(DocumentModel model, CancellationToken ct) => (await ReadAsync([model], ct))[0];

    /// <summary>Pauses a projection right before an event, on every host, until an operator resumes it.</summary>
    public Task PauseAsync(ProjectionStatus status, long position, string reason, CancellationToken ct) =>
        ChangeAsync(
            status,
            "paused_at = $2, pause_position = $3, pause_reason = $4",
            OperatorAction.OfTheBank("stopped before an event that cannot be projected"),
            new ReadModelPaused(status.Model.Name, status.Generation, position, reason, clock.GetUtcNow()),
            "true",
            [clock.GetUtcNow(), position, reason],
            ct);

    /// <summary>Resumes a paused projection, which retries the event.</summary>
    /// <returns>False if it is not paused.</returns>
    public async Task<bool> ResumeAsync(DocumentModel model, OperatorAction action, CancellationToken ct)
    {
        var status = await OfAsync(model, ct);
        return await ChangeAsync(
            status, "paused_at = null, pause_position = null, pause_reason = null", action,
            new ReadModelResumed(model.Name, status.Generation, clock.GetUtcNow()), "s.paused_at is not null", [], ct);
    }

    /// <summary>
    /// Resumes a projection that is paused before an event of a type that the pausing host did not know, if this host knows it.
    /// </summary>
    /// <returns>Whether it was resumed.</returns>
    internal async Task<bool> ResumeIfKnownAsync(ProjectionStatus status, CancellationToken ct) =>
        status is { PausedAt: not null, PausePosition: { } position }
        && status.PauseReason?.EndsWith(UnknownEventTypeException.Sentence, StringComparison.Ordinal) == true
        && await UnknownEventAsync(status.Model, position - 1, position, ct) is null
        && await ResumeAsync(status.Model, OperatorAction.OfTheBank("resumed by a host that knows the type of the event"), ct);

    /// <summary>Requests a rebuild. The host that runs the projections runs it.</summary>
    /// <returns>False if a rebuild is running or requested already.</returns>
    public async Task<bool> RequestRebuildAsync(DocumentModel model, OperatorAction action, CancellationToken ct)
    {
        var status = await OfAsync(model, ct);
        return await ChangeAsync(
            status,
            "requested_at = $2, requested_by = $3, reason = $4, started_at = null, target = null, finished_at = null, outcome = null",
            action,
            new RebuildRequested(model.Name, status.Generation + 1, model.Version, clock.GetUtcNow()),
            "s.requested_at is null or s.finished_at is not null",
            [clock.GetUtcNow(), action.Caller.Actor, action.Reason],
            ct);
    }

    /// <summary>
    /// Returns the position of the event before which a projection is paused, null if it is not, and prevents its end until the transaction
    /// ends.
    /// </summary>
    internal static Task<long?> LockPauseAsync(NpgsqlConnection connection, DocumentModel model, CancellationToken ct) =>
        connection.ScalarAsync<long?>($"select pause_position from {Table} where name = $1 for update", [model.Name], ct);

    /// <summary>Records the start of a rebuild and ends a pause: a rebuild retries every event.</summary>
    internal async Task BeginRebuildAsync(DocumentModel model, long target, CancellationToken ct) => await source.ExecuteAsync(
        $"update {Table} set started_at = $2, target = $3, paused_at = null, pause_position = null, pause_reason = null where name = $1",
        [model.Name, clock.GetUtcNow(), target],
        ct);

    internal async Task FinishRebuildAsync(DocumentModel model, string outcome, CancellationToken ct)
    {
        var status = await OfAsync(model, ct);
        await ChangeAsync(
            status,
            "finished_at = $2, outcome = $3, generation = s.generation + 1",
            OperatorAction.OfTheBank("rebuilt from the log"),
            new RebuildFinished(model.Name, status.Generation + 1, outcome, status.Position, 0, clock.GetUtcNow()),
            "true",
            [clock.GetUtcNow(), outcome],
            ct);
    }

    /// <summary>Finds the position of a projection's next event after a position; null if there is none.</summary>
    internal Task<long?> NextEventAsync(DocumentModel model, long after, CancellationToken ct) => source.ScalarAsync<long?>(
        $"""
        select seq_id from {SchemaNames.Events}.mt_events
        where seq_id > $1 and type = any($2) and not is_archived order by seq_id limit 1
        """,
        [after, model.EventTypes.ToArray()],
        ct);

    /// <summary>
    /// Finds the first event between two positions that a projection needs and whose type this version of the bank does not know: it is a
    /// further version of an event that the projection includes. Null if there is none.
    /// </summary>
    internal async Task<long?> UnknownEventAsync(DocumentModel model, long after, long upTo, CancellationToken ct)
    {
        // In parts: without an unknown type every event is read, which can take longer than a statement may.
        for (long? unknown; after < upTo; after += UnknownPartSize)
        {
            unknown = await source.ScalarAsync<long?>(
                $"""
                select seq_id from {SchemaNames.Events}.mt_events
                where seq_id > $1 and seq_id <= $2 and type <> all($3) and regexp_replace(type, '\.v[0-9]+$', '') = any($4)
                order by seq_id limit 1
                """,
                [after, Math.Min(upTo, after + UnknownPartSize), models.KnownEventTypes.ToArray(), model.Facts.ToArray()],
                ct);
            if (unknown is not null)
            {
                return unknown;
            }
        }

        return null;
    }

    /// <summary>Changes the row of a projection and records the fact in the operator log, in one transaction.</summary>
    /// <returns>False if the condition does not hold: then nothing is changed.</returns>
    private async Task<bool> ChangeAsync(
        ProjectionStatus status,
        string set,
        OperatorAction action,
        object fact,
        string condition,
        object?[] values,
        CancellationToken ct)
    {
        var name = status.Model.Name;
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync($"insert into {Table} (name) values ($1) on conflict do nothing", [name], ct);
        if (await connection.ExecuteAsync($"update {Table} s set {set} where name = $1 and ({condition})", [name, .. values], ct) == 0)
        {
            return false;
        }

        await operatorLog.RecordAsync(transaction, name, fact, action, ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    private Task<IReadOnlyList<ProjectionStatus>> ReadAsync(IReadOnlyList<DocumentModel> wanted, CancellationToken ct) => source.ListAsync(
        Select,
        [wanted.Select(m => m.Name).ToArray(), wanted.Select(m => m.Shard.Identity).ToArray()],
        row => Status(wanted.First(m => m.Name == row.GetString(0)), row),
        ct);

    private static ProjectionStatus Status(DocumentModel model, NpgsqlDataReader row)
    {
        return new(
            model,
            row.GetInt64(1),
            row.GetInt64(14),
            At(2),
            row.GetInt32(3),
            At(4),
            Number(5),
            Text(6),
            At(7),
            Text(8),
            Text(9),
            At(10),
            Number(11),
            At(12),
            Text(13));

        DateTimeOffset? At(int i) => row.GetOrDefault<DateTimeOffset?>(i);
        string? Text(int i) => row.GetOrDefault<string>(i);
        long? Number(int i) => row.GetOrDefault<long?>(i);
    }
}
