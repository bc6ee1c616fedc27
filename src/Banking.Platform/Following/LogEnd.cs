using Banking.Platform.Commands;
using Npgsql;

namespace Banking.Platform.Following;

/// <summary>The position of the last committed event: what is asked for beyond it was never given out by this log.</summary>
public sealed class LogEnd(NpgsqlDataSource source)
{
    public async Task<long> ReadAsync(CancellationToken ct)
    {
        await using var command = source.CreateCommand($"select coalesce(max(seq_id), 0) from {PlatformModule.EventSchema}.mt_events");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>The answer to a position beyond the end, or null where the log has it.</summary>
    /// <param name="name">What the request calls the position.</param>
    public static Refusal? Problem(string name, long position, long end, string? pointer = null) => position <= end
        ? null
        : Refusal.Of(
            "position_beyond_end", 416,
            $"{name} is position {position}, and the log ends at {end}: it may have been restored to an earlier state.",
            ("position", position), ("end", end)) with
        { Pointer = pointer };
}
