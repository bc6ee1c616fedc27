using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Platform.ReadModels;

/// <summary>What the sentinel saw last, whichever host it was on. Counts are since the bank began.</summary>
/// <param name="LastLook">Null before the first.</param>
/// <param name="Streams">Streams compared, each time it was counted.</param>
/// <param name="Drift">Rows that were found different.</param>
/// <param name="Repaired">Rows that were made anew.</param>
/// <param name="Open">What was found last and could not be repaired.</param>
public sealed record SentinelStatus(DateTimeOffset? LastLook, long Looks, long Streams, long Drift, long Repaired, IReadOnlyList<Difference> Open)
{
    private const string Table = PlatformModule.Schema + ".sentinel";

    /// <summary>One row at most.</summary>
    internal const string Sql = $"create table if not exists {Table} (id boolean primary key default true check (id), status jsonb not null)";

    /// <summary>Not the strict ones of the API: a host of another version must be able to read it.</summary>
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static SentinelStatus None { get; } = new(null, 0, 0, 0, 0, []);

    public static async Task<SentinelStatus> ReadAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using var command = source.CreateCommand($"select status::text from {Table}");
        return await command.ExecuteScalarAsync(ct) is string json ? JsonSerializer.Deserialize<SentinelStatus>(json, Json)! : None;
    }

    /// <summary>It is an account of what was seen and no more: two that save at once may lose a count.</summary>
    public async Task SaveAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using var command = source.CreateCommand($"insert into {Table} (status) values ($1) on conflict (id) do update set status = excluded.status");
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(this, Json), NpgsqlDbType = NpgsqlDbType.Jsonb });
        await command.ExecuteNonQueryAsync(ct);
    }
}
