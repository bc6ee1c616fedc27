namespace Banking.EventStore.Storage;

/// <summary>The database schemas that belong to no module.</summary>
public static class SchemaNames
{
    /// <summary>The schema of the event log.</summary>
    public const string Events = "bank";

    /// <summary>The schema of receipts, refusals, due commands and the progress of read models.</summary>
    public const string Platform = "platform";

    /// <summary>The table of streams. Only version and timestamp of its rows ever change.</summary>
    public const string Streams = Events + ".mt_streams";
}
