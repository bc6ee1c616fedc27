using Banking.EventStore.Storage;

namespace Banking.EventStore.Streams;

/// <summary>
/// The streams of a small kind, so that looking for all of them does not read those of other kinds. What is appended to these costs nothing
/// more.
/// </summary>
public static class StreamIndex
{
    public static string NameOf(string streamType) => $"idx_bank_streams_{streamType}";

    /// <summary>Idempotent.</summary>
    public static string Sql(string streamType) =>
        $"create index if not exists {NameOf(streamType)} on {SchemaNames.Streams} (id) where type = '{streamType}'";
}
