using System.Text.Json;

namespace Banking.EventStore.Epochs;

/// <summary>What a host knows of the log, outside of the database.</summary>
/// <param name="Checkpoints">Events that were in the log, by position. The first one is the beginning of the log.</param>
/// <param name="IsComplete">
/// Whether it has the last event that the host has read. A file of a host that was killed lacks up to a second.
/// </param>
public sealed record KnownLog(
    string Place, IReadOnlyList<LogEpoch> Epochs, IReadOnlyList<LogCheckpoint> Checkpoints, bool IsComplete = true)
{
    /// <summary>More checkpoints are thinned out: the newest lie close together, and the older ones further and further apart.</summary>
    public const int MaxCheckpoints = 32;

    private static readonly JsonSerializerOptions Json =
        new() { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    public LogEpoch Current => Epochs[^1];

    /// <summary>Reads what <see cref="Write"/> has written, and nothing else: a log is not known by halves.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static KnownLog Read(byte[] json)
    {
        return JsonSerializer.Deserialize<KnownLog>(json, Json) is { Epochs: [_, ..], Checkpoints: [_, ..] } known
            && !known.Epochs.Contains(null!) && !known.Checkpoints.Contains(null!) && LogPlace.IsPlace(known.Place)
            ? known
            : throw new JsonException("It has no epoch, no checkpoint or no place of a log.");
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    public KnownLog With(LogCheckpoint checkpoint)
    {
        var all = Checkpoints.Append(checkpoint).ToList();
        return this with { Checkpoints = all.Count > MaxCheckpoints ? Thin(all) : all };
    }

    /// <summary>Drops every second checkpoint of the older half. Its events count to the next one.</summary>
    private static List<LogCheckpoint> Thin(List<LogCheckpoint> all)
    {
        var thinned = new List<LogCheckpoint>(all.Count);
        var dropped = (Events: (long?)0, Any: false);
        foreach (var (i, checkpoint) in all.Index())
        {
            if (i % 2 == 1 && i < all.Count / 2)
            {
                dropped = (checkpoint.Events, true);
                continue;
            }

            thinned.Add(dropped.Any ? checkpoint with { Events = checkpoint.Events + dropped.Events } : checkpoint);
            dropped = (0, false);
        }

        return thinned;
    }
}

/// <summary>An event of the log.</summary>
/// <param name="Events">
/// The number of events after the previous checkpoint up to this one; null if unknown. Transactions commit in another order than that of
/// their positions, so a restored log may have an event and lack an earlier one: then it has fewer events.
/// </param>
public sealed record LogCheckpoint(long Position, Guid Event, long? Events)
{
    /// <summary>The beginning of the log, which every state of it has.</summary>
    public static LogCheckpoint Beginning { get; } = new(0, Guid.Empty, 0);
}
