using System.Text.Json;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;
using NpgsqlTypes;

namespace Banking.ReadModels.Verifying;

/// <summary>What the sentinel found last, on whichever host it ran. Counts are since the bank began.</summary>
/// <param name="LastLook">When the last look ended; null before the first.</param>
/// <param name="Streams">Streams compared, each time it was counted.</param>
/// <param name="Drift">Differences that were found, each counted when it was new.</param>
/// <param name="Open">What was found and is not mended yet.</param>
public sealed record SentinelStatus(DateTimeOffset? LastLook, long Looks, long Streams, long Drift, IReadOnlyList<Difference> Open)
{
    internal const string Table = SchemaNames.Platform + ".sentinel";

    /// <summary>One row at most. The time of saving is the database's: hosts compare its age, whatever their own clocks say.</summary>
    internal const string Sql =
        $"""
        create table if not exists {Table} (id boolean primary key default true check (id), status jsonb not null);
        alter table {Table} add column if not exists saved_at timestamptz;
        """;

    /// <summary>Not the strict ones of the API: a host of another version must be able to read it.</summary>
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static SentinelStatus None { get; } = new(null, 0, 0, 0, []);

    /// <summary>Why the last look failed; null where it did not.</summary>
    public string? Failure { get; init; }

    /// <summary>When it failed.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    public static async Task<SentinelStatus> ReadAsync(NpgsqlDataSource source, CancellationToken ct) =>
        (await ReadWithAgeAsync(source, ct)).Status;

    /// <returns>Besides the status, how long ago a look ended; null where none ever did.</returns>
    public static async Task<(SentinelStatus Status, TimeSpan? Age)> ReadWithAgeAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using var command = source.CreateCommand(
            $"select status::text, extract(epoch from clock_timestamp() - saved_at)::float8 from {Table}");
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? (
                JsonSerializer.Deserialize<SentinelStatus>(reader.GetString(0), Json)!,
                reader.IsDBNull(1) ? null : TimeSpan.FromSeconds(reader.GetDouble(1)))
            : (None, null);
    }

    /// <summary>It is an account of what was seen and no more: two that save at once may lose a count.</summary>
    public async Task SaveAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using var command = source.CreateCommand(
            $"insert into {Table} (status, saved_at) values ($1, clock_timestamp()) on conflict (id) do update set status = excluded.status, saved_at = excluded.saved_at"
        );
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(this, Json), NpgsqlDbType = NpgsqlDbType.Jsonb });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>
    /// After a repair: of what was open of this name, only what remains. A look that is under way sees the same by itself.
    /// </summary>
    internal static async Task RepairedAsync(
        NpgsqlDataSource source, string name, IReadOnlyList<Difference> remaining, CancellationToken ct)
    {
        var status = await ReadAsync(source, ct);
        var after = status with { Open = [.. status.Open.Where(d => d.Model != name), .. remaining] };
        await using var command = source.CreateCommand($"update {Table} set status = $1");
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(after, Json), NpgsqlDbType = NpgsqlDbType.Jsonb });
        await command.ExecuteNonQueryAsync(ct);
    }
}
