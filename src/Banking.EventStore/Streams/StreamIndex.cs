using Banking.EventStore.Storage;

namespace Banking.EventStore.Streams;

/// <summary>
/// Index of the streams of a type with few streams, so that a search does not read those of other types. Appending to the other streams
/// costs nothing more.
/// </summary>
public static class StreamIndex
{
    public static string NameOf(string streamType) => $"idx_bank_streams_{streamType}";

    /// <summary>Idempotent.</summary>
    public static string Sql(string streamType) =>
        $"create index if not exists {NameOf(streamType)} on {SchemaNames.Streams} (id) where type = '{streamType}'";
}
