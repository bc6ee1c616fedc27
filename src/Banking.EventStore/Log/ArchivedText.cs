using System.Text;
using Banking.EventStore.Archive;

namespace Banking.EventStore.Log;

/// <summary>Reads the data of archived events for statements that read rows of the log themselves.</summary>
public static class ArchivedText
{
    /// <summary>
    /// Returns the JSON of the data of a row: from the row, or from its archive file. Null if the file was deleted by a rule.
    /// </summary>
    /// <param name="data">The data in the row.</param>
    /// <exception cref="UnreadableEventException">The file is damaged, does not have the event, or is not in the manifest.</exception>
    /// <exception cref="ArchiveUnavailableException">The file cannot be read now.</exception>
    public static string? TextOf(this ArchivedEvents archive, string data, bool isArchived, EventKey row)
    {
        if (!isArchived || ArchiveManifest.FileOf(Encoding.UTF8.GetBytes(data)) is not { } file)
        {
            return data;
        }

        try
        {
            return Encoding.UTF8.GetString(archive.Find(file, row).Data.Span);
        }
        catch (ArchiveDeletedException)
        {
            return null;
        }
        catch (ArchiveDamagedException damaged)
        {
            throw new UnreadableEventException(row.Position, row.Id, row.Type, damaged);
        }
    }
}
