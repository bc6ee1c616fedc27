using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>State of a generation of a read model. Stored.</summary>
public static class GenerationState
{
    /// <summary>The active version: readers see it, and it is kept current.</summary>
    public const string Active = "serving";

    /// <summary>A candidate: built from the log while the active version stays in use.</summary>
    public const string Building = "building";

    /// <summary>A candidate that was built and differs from the active version: an operator has to decide.</summary>
    public const string Differs = "differs";

    /// <summary>A candidate that was built for a trial and equals the active version: an operator has to decide.</summary>
    public const string Equal = "equal";

    /// <summary>Was built and differs from the log: a fault of the read model itself.</summary>
    public const string Failed = "failed";

    public const string Cancelled = "cancelled";

    /// <summary>Replaced by a later generation.</summary>
    public const string Retired = "retired";

    /// <summary>The states of a candidate, as an SQL list.</summary>
    internal const string Candidates = $"('{Building}', '{Differs}', '{Equal}')";

    /// <summary>Whether a candidate in this state is built and waits for an operator's decision.</summary>
    public static bool IsWaiting(string state) => state is Differs or Equal;

    /// <summary>Whether a generation in this state is a candidate.</summary>
    public static bool IsCandidate(string state) => state == Building || IsWaiting(state);
}

/// <summary>Why a generation is built, and by whom. Stored.</summary>
public static class GenerationPurpose
{
    /// <summary>It becomes active if it equals the active version. Any host or command builds it.</summary>
    public const string Rebuild = "rebuild";

    /// <summary>It is compared and waits for an operator's decision. Any host builds it.</summary>
    public const string Trial = "trial";

    /// <summary>A trial of the code of a command. Only that command builds it; hosts may have other code.</summary>
    public const string CommandTrial = "command";
}

/// <summary>One generation (version) of a read model's tables, with its progress.</summary>
/// <param name="Position">Position of the last event it includes.</param>
/// <param name="PausedAt">Set while an event that cannot be projected blocks it.</param>
/// <param name="PausePosition">Position of the blocking event.</param>
/// <param name="RequestedBy">The operator who requested the rebuild.</param>
/// <param name="FilledAt">When its rows, sums and indexes were complete; comparison and switch follow.</param>
/// <param name="HasSums">Whether each page also updates the sums; false while it is filled from the log.</param>
/// <param name="WrittenBy">The transaction that last wrote this row.</param>
/// <param name="Target">The position to reach when the build began, to show its progress.</param>
/// <param name="Purpose">Why it is built: <see cref="GenerationPurpose"/>.</param>
public sealed record Generation(
    string Model, int Number, int ModelVersion, string State, long Position, DateTimeOffset UpdatedAt,
    DateTimeOffset? PausedAt, string? PauseReason, long? PausePosition,
    DateTimeOffset RequestedAt, string RequestedBy, string Reason, DateTimeOffset? StartedAt, long? StartPosition, long? Target,
    DateTimeOffset? FinishedAt, string? Outcome, string? Differences, bool HasSums,
    DateTimeOffset? FilledAt, long WrittenBy, string Purpose = GenerationPurpose.Rebuild)
{
    internal const string Table = SchemaNames.Platform + ".read_model";

    /// <summary>False for a document projection, which is rebuilt in place.</summary>
    public bool HasTables { get; init; } = true;

    /// <summary>Whether it was built as a candidate: all but the first are.</summary>
    public bool IsBuiltAsCandidate => Number > 1;

    internal const string Sql =
        $"""
        create table if not exists {Table} (
            name text not null, generation int not null, model_version int not null, state text not null,
            position bigint not null default 0,
            updated_at timestamptz not null, paused_at timestamptz, pause_reason text, pause_position bigint,
            requested_at timestamptz not null, requested_by text not null, reason text not null,
            started_at timestamptz, start_position bigint, target bigint, finished_at timestamptz, outcome text, differences jsonb,
            has_sums boolean not null, filled_at timestamptz,
            primary key (name, generation));
        create unique index if not exists read_model_serving on {Table} (name) where state = '{GenerationState.Active}';
        alter table {Table} add column if not exists purpose text not null default '{GenerationPurpose.Rebuild}';
        create unique index if not exists read_model_candidate on {Table} (name) where state in {GenerationState.Candidates};
        drop index if exists {SchemaNames.Platform}.read_model_coming;
        """;

    private const string Columns =
        "name, generation, model_version, state, position, updated_at, paused_at, pause_reason, pause_position, "
        + "requested_at, requested_by, reason, started_at, start_position, target, finished_at, outcome, differences::text, has_sums, "
        + "filled_at, xmin::text::bigint, purpose";

    /// <summary>Reads all generations, the newest of each model first.</summary>
    public static Task<IReadOnlyList<Generation>> AllAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        return source.ListAsync($"select {Columns} from {Table} order by name, generation desc", [], Read, ct);
    }

    /// <summary>Reads the active version.</summary>
    public static Task<Generation?> ActiveAsync(NpgsqlConnection connection, string model, bool locked, CancellationToken ct) =>
        FindAsync(connection, $"name = $1 and state = '{GenerationState.Active}'", [model], locked, ct);

    /// <summary>Reads the candidate: it is being built, or waits for an operator's decision.</summary>
    public static Task<Generation?> CandidateAsync(NpgsqlConnection connection, string model, bool locked, CancellationToken ct) =>
        FindAsync(connection, $"name = $1 and state in {GenerationState.Candidates}", [model], locked, ct);

    internal static Task<Generation?> LockedAsync(NpgsqlConnection connection, string model, int? number, CancellationToken ct) =>
        number is { } n
            ? FindAsync(connection, "name = $1 and generation = $2", [model, n], locked: true, ct)
            : ActiveAsync(connection, model, locked: true, ct);

    /// <summary>Stores its position, in the transaction that holds its lock.</summary>
    internal async Task<Generation> MoveAsync(NpgsqlConnection connection, long position, DateTimeOffset at, CancellationToken ct) =>
        (await connection.ListAsync(
            $"update {Table} set position = $3, updated_at = $4 where name = $1 and generation = $2 "
                + "returning position, updated_at, xmin::text::bigint",
            [Model, Number, position, at],
            row => this with
            {
                Position = row.GetInt64(0),
                UpdatedAt = row.GetFieldValue<DateTimeOffset>(1),
                WrittenBy = row.GetInt64(2),
            },
            ct)).Single();

    private static async Task<Generation?> FindAsync(
        NpgsqlConnection connection, string condition, object?[] values, bool locked, CancellationToken ct) =>
        (await connection.ListAsync(
            $"select {Columns} from {Table} where {condition}{(locked ? " for update" : "")}", values, Read, ct)).SingleOrDefault();

    private static Generation Read(NpgsqlDataReader row)
    {
        return new(
            row.GetString(0), row.GetInt32(1), row.GetInt32(2), row.GetString(3), row.GetInt64(4), At(5)!.Value,
            At(6), Text(7), Number(8), At(9)!.Value, row.GetString(10), row.GetString(11), At(12), Number(13), Number(14),
            At(15), Text(16), Text(17), row.GetBoolean(18), At(19), row.GetInt64(20), row.GetString(21));

        DateTimeOffset? At(int i) => row.GetOrDefault<DateTimeOffset?>(i);
        string? Text(int i) => row.GetOrDefault<string>(i);
        long? Number(int i) => row.GetOrDefault<long?>(i);
    }
}
