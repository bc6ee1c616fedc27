using System.Text.Json;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;
using NpgsqlTypes;

namespace Banking.ReadModels.Verifying;

/// <summary>The status after the last run of the sentinel on any host. Counts cover the life of the bank.</summary>
/// <param name="LastLook">When the last run ended; null before the first.</param>
/// <param name="Looks">Number of runs.</param>
/// <param name="Streams">Number of stream comparisons.</param>
/// <param name="Drift">Number of differences, each counted once when it was new.</param>
/// <param name="Open">Differences that are not repaired yet.</param>
public sealed record SentinelStatus(DateTimeOffset? LastLook, long Looks, long Streams, long Drift, IReadOnlyList<Difference> Open)
{
    internal const string Table = SchemaNames.Platform + ".sentinel";

    /// <summary>
    /// One row at most. The database's clock gives the time of saving, so its age does not depend on the clocks of hosts.
    /// </summary>
    internal const string Sql =
        $"""
        create table if not exists {Table} (id boolean primary key default true check (id), status jsonb not null);
        alter table {Table} add column if not exists saved_at timestamptz;
        """;

    /// <summary>Not the strict options of the API: hosts of other versions must be able to read the status.</summary>
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static SentinelStatus None { get; } = new(null, 0, 0, 0, []);

    /// <summary>Where the next run continues. Another host, or this one after a restart, does not start again.</summary>
    public SentinelPlace Place { get; init; } = SentinelPlace.Start;

    /// <summary>Why the last run failed; null if it did not.</summary>
    public string? Failure { get; init; }

    /// <summary>When it failed.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    public static async Task<SentinelStatus> ReadAsync(NpgsqlDataSource source, CancellationToken ct) =>
        (await ReadWithAgeAsync(source, ct)).Status;

    /// <returns>The status, and the time since the last run ended; null before the first run.</returns>
    public static async Task<(SentinelStatus Status, TimeSpan? Age)> ReadWithAgeAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        var rows = await source.ListAsync(
            $"select status::text, clock_timestamp() - saved_at from {Table}",
            [],
            row => (JsonSerializer.Deserialize<SentinelStatus>(row.GetString(0), Json)!, row.GetOrDefault<TimeSpan?>(1)),
            ct);
        return rows is [var found] ? found : (None, null);
    }

    /// <summary>Stores the status. Two concurrent saves may lose a count, which is acceptable for a report.</summary>
    public Task SaveAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        return source.ExecuteAsync(
            $"""
            insert into {Table} (status, saved_at) values ($1, clock_timestamp())
            on conflict (id) do update set status = excluded.status, saved_at = excluded.saved_at
            """,
            [NpgsqlDbType.Jsonb.Of(JsonSerializer.Serialize(this, Json))],
            ct);
    }

    /// <summary>
    /// Replaces the open differences of the repaired data by those that remain. A run in progress finds the same differences.
    /// </summary>
    /// <param name="isRepaired">Whether a difference is in the data that was repaired.</param>
    internal static async Task SetRemainingAsync(
        NpgsqlDataSource source, Func<Difference, bool> isRepaired, IReadOnlyList<Difference> remaining, CancellationToken ct)
    {
        var status = await ReadAsync(source, ct);
        var after = status with { Open = [.. status.Open.Where(d => !isRepaired(d)), .. remaining] };
        await source.ExecuteAsync($"update {Table} set status = $1", [NpgsqlDbType.Jsonb.Of(JsonSerializer.Serialize(after, Json))], ct);
    }
}

/// <summary>How far the sentinel has come with what it compares in turn.</summary>
/// <param name="Stream">The last compared stream of this pass.</param>
/// <param name="Position">The last position at which orphan rows were searched in this pass; null at its beginning.</param>
/// <param name="Share">The share of the receipts that was compared last.</param>
/// <param name="PassedAt">When the last pass over all streams ended; null before the first has ended.</param>
public sealed record SentinelPlace(Guid Stream, long? Position, int Share, DateTimeOffset? PassedAt)
{
    public static SentinelPlace Start { get; } = new(Guid.Empty, null, 0, null);
}
