namespace Banking.EmbeddedPostgres.Backups;

/// <summary>Free space that a restore or a base backup takes while it runs.</summary>
/// <param name="For">What takes it, as a problem names it.</param>
/// <param name="Into">The folder that it is taken in.</param>
/// <param name="Home">
/// A folder on the same disk. Before a restore has begun, only this tells where PostgreSQL's account can write.
/// </param>
/// <param name="UsedBefore">The bytes that the folder had before.</param>
internal sealed record NeededSpace(string For, string Into, string Home, long Bytes, long UsedBefore = 0)
{
    /// <summary>The bytes that are not taken yet, if they may be on the disk of a folder.</summary>
    public long RemainingOn(string folder)
    {
        try
        {
            var into = ClusterHome.FolderOf(Into);
            return !FreeSpace.IsSameDisk(folder, into) && !FreeSpace.IsSameDisk(folder, Home) ? 0
                : Math.Clamp(Bytes + UsedBefore - (Directory.Exists(into) ? FreeSpace.Used(into) : 0), 0, Bytes);
        }
        catch (Exception changed) when (changed is IOException or UnauthorizedAccessException)
        {
            // Its folders are deleted meanwhile, or belong to another account: it may need all of the space.
            return Bytes;
        }
    }
}
