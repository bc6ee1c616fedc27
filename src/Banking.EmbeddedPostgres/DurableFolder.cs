namespace Banking.EmbeddedPostgres;

/// <summary>Folders whose names of files survive a power failure.</summary>
public static class DurableFolder
{
    /// <summary>Writes the names in a folder to disk.</summary>
    public static void Sync(string folder) => Unix.SyncFolder(folder);
}
