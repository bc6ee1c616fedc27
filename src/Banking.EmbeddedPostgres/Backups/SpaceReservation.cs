namespace Banking.EmbeddedPostgres.Backups;

/// <summary>
/// Free space that a restore next to a running cluster needs. A base backup that begins meanwhile leaves it alone. Disposed when the
/// restore has ended.
/// </summary>
public sealed class SpaceReservation : IDisposable
{
    private readonly long _bytes;
    private readonly Action<SpaceReservation> _release;

    internal SpaceReservation(string into, long bytes, Action<SpaceReservation> release) =>
        (Into, _bytes, _release) = (into, bytes, release);

    /// <summary>The folder of the restored cluster.</summary>
    internal string Into { get; }

    public void Dispose() => _release(this);

    /// <summary>The bytes that the restore has not taken yet, if it may be on the disk of a folder.</summary>
    /// <param name="clusterHome">
    /// The home of the running cluster: before the restore has begun, only this tells where PostgreSQL's account can write.
    /// </param>
    internal long RemainingOn(string folder, string clusterHome)
    {
        try
        {
            var home = ClusterHome.FolderOf(Into);
            return !FreeSpace.IsSameDisk(folder, home) && !FreeSpace.IsSameDisk(folder, clusterHome) ? 0
                : Math.Max(0, _bytes - (Directory.Exists(home) ? FreeSpace.Used(home) : 0));
        }
        catch (Exception deleted) when (deleted is DirectoryNotFoundException or FileNotFoundException)
        {
            // The restore deletes folders meanwhile: it may need all of the space again.
            return _bytes;
        }
    }
}
