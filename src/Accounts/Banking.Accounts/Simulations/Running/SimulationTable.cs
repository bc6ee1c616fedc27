using System.Text.Json;
using Banking.Accounts.Simulations.Views;
using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Accounts.Simulations.Running;

/// <summary>
/// The table of simulations of the last hour. It is unlogged: nothing in it is worth a write to the WAL, and a crash of PostgreSQL empties
/// it.
/// </summary>
internal sealed class SimulationTable(NpgsqlDataSource source)
{
    public const string Name = AccountsModule.Schema + ".simulation";

    public const string Create =
        $"""
        create unlogged table if not exists {Name} (
            id uuid primary key, state text not null, progress text not null, answer text, started_at timestamptz not null,
            expires_at timestamptz not null, seen_at timestamptz not null)
        """;

    /// <summary>A running simulation whose host has not written for so long was interrupted.</summary>
    private const int InterruptedAfterSeconds = 10;

    /// <summary>Adds a simulation, and removes those that have expired.</summary>
    public async Task AddAsync(Guid id, SimulationView view, CancellationToken ct)
    {
        await RemoveExpiredAsync(view.StartedAt, ct);
        await source.ExecuteAsync(
            $"insert into {Name} (id, state, progress, started_at, expires_at, seen_at) values ($1, $2, $3, $4, $5, clock_timestamp())",
            [id, view.State.ToString(), Json(view.Progress), view.StartedAt.UtcDateTime, view.ExpiresAt.UtcDateTime], ct);
    }

    /// <returns>False if the simulation was cancelled.</returns>
    public async Task<bool> UpdateAsync(Guid id, SimulationProgress progress, CancellationToken ct) => await source.ExecuteAsync(
        $"update {Name} set progress = $2, seen_at = clock_timestamp() where id = $1", [id, Json(progress)], ct) > 0;

    public Task EndAsync(Guid id, SimulationState state, SimulationProgress progress, object? answer, CancellationToken ct) =>
        source.ExecuteAsync(
            $"update {Name} set state = $2, progress = $3, answer = $4 where id = $1",
            [id, state.ToString(), Json(progress), NpgsqlDbType.Text.Of(answer is null ? null : Json(answer))], ct);

    /// <returns>False if there is no such simulation.</returns>
    public async Task<bool> RemoveAsync(Guid id, DateTimeOffset now, CancellationToken ct) =>
        await source.ExecuteAsync($"delete from {Name} where id = $1 and expires_at > $2", [id, now.UtcDateTime], ct) > 0;

    public Task RemoveExpiredAsync(DateTimeOffset now, CancellationToken ct) =>
        source.ExecuteAsync($"delete from {Name} where expires_at <= $1", [now.UtcDateTime], ct);

    public async Task<SimulationView?> FindAsync(Guid id, string publicId, DateTimeOffset now, CancellationToken ct) =>
        (await source.ListAsync(
            $"""
            select state, progress, answer, started_at, expires_at, seen_at < clock_timestamp() - interval '{InterruptedAfterSeconds} s'
            from {Name} where id = $1 and expires_at > $2
            """,
            [id, now.UtcDateTime], row => View(publicId, row), ct)) is [var found] ? found : null;

    private static SimulationView View(string id, NpgsqlDataReader row)
    {
        var state = Enum.Parse<SimulationState>(row.GetString(0));
        var answer = row.GetOrDefault<string>(2);
        return new(
            id,
            state == SimulationState.Running && row.GetBoolean(5) ? SimulationState.Interrupted : state,
            Read<SimulationProgress>(row.GetString(1)),
            row.GetFieldValue<DateTimeOffset>(3),
            row.GetFieldValue<DateTimeOffset>(4),
            state == SimulationState.Failed ? Read<SimulationFailure>(answer!) : null,
            state == SimulationState.Finished ? Read<SimulationResult>(answer!) : null);
    }

    private static string Json(object value) => JsonSerializer.Serialize(value, value.GetType(), ApiJson.Options);

    private static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, ApiJson.Options)!;
}
