using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>
/// Reserves free space for a restore or a base backup, so that no other one counts on it, in whichever process. It is a file in the archive
/// that its process keeps locked: the reservation of a process that was killed is ignored. Disposed when the space is taken.
/// </summary>
public sealed class SpaceReservation : IDisposable
{
    internal const string Suffix = ".space";

    // The folder of the archive keeps other accounts out. In it the account of the host and that of a restore may differ.
    private const UnixFileMode Everyone = (UnixFileMode)0b110_110_110;

    private readonly string _file;
    private readonly FileStream? _locked;

    private SpaceReservation(string file, FileStream? locked) => (_file, _locked) = (file, locked);

    /// <summary>
    /// False if the same space is reserved already, as by the host that runs this restore, or if this account cannot write the archive.
    /// </summary>
    internal bool IsTaken => _locked is not null;

    /// <summary>Reserves space if the disk of a folder has it, without what others have reserved.</summary>
    /// <param name="minFreeBytes">Further bytes that stay free.</param>
    /// <exception cref="BackupException">The disk has less free space.</exception>
    internal static SpaceReservation TakeIfFree(ArchiveFolder archive, NeededSpace space, string folder, long minFreeBytes)
    {
        Require();
        var reservation = Take(archive, space);
        try
        {
            // Two that begin at the same time have not seen each other above.
            Require();
            return reservation;
        }
        catch
        {
            reservation.Dispose();
            throw;
        }

        void Require()
        {
            var others = FindOthers(archive, space.Into)
                .Select(o => (o.For, Bytes: o.RemainingOn(folder)))
                .Where(o => o.Bytes > 0)
                .ToList();
            FreeSpace.Require(
                folder, minFreeBytes + space.Bytes, others.Sum(o => o.Bytes), string.Join(" and ", others.Select(o => o.For)));
        }
    }

    /// <summary>Reserves space, whether the disk has it or not.</summary>
    internal static SpaceReservation Take(ArchiveFolder archive, NeededSpace space)
    {
        var file = FileOf(archive, space.Into);
        FileStream? locked = null;
        try
        {
            if (IsLocked(file))
            {
                return new(file, null);
            }

            // It is complete and locked before it has the name by which others find it.
            var unfinished = file + ArchiveFolder.Unfinished;
            locked = new(unfinished, FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(unfinished, Everyone);
            }

            JsonSerializer.Serialize(locked, space);
            locked.Flush();
            File.Move(unfinished, file, overwrite: true);
            return new(file, locked);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // The archive may be on a read-only disk, or belong to another account. That does not prevent a restore.
            locked?.Dispose();
            return new(file, null);
        }
    }

    public void Dispose()
    {
        if (_locked is null)
        {
            return;
        }

        _locked.Dispose();
        try
        {
            File.Delete(_file);
        }
        catch (Exception left) when (left is IOException or UnauthorizedAccessException)
        {
            // The disk of the archive is gone. A file that is not locked reserves nothing.
        }
    }

    /// <summary>The space that is reserved for other folders than this one.</summary>
    private static IEnumerable<NeededSpace> FindOthers(ArchiveFolder archive, string into)
    {
        var own = FileOf(archive, into);
        return Directory.EnumerateFiles(archive.Path, "*" + Suffix).Where(file => file != own).Select(Read).OfType<NeededSpace>();
    }

    /// <returns>Null if its process has ended, or if it cannot be read.</returns>
    private static NeededSpace? Read(string file)
    {
        try
        {
            if (!IsLocked(file))
            {
                File.Delete(file);
                return null;
            }

            using var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return JsonSerializer.Deserialize<NeededSpace>(content);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether a process that runs has the file open.</summary>
    private static bool IsLocked(string file)
    {
        try
        {
            using var alone = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Each folder has one file, so that a process that another one started finds its own reservation.</summary>
    private static string FileOf(ArchiveFolder archive, string into)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RealPath.Resolve(into))));
        return Path.Combine(archive.Path, name[..16] + Suffix);
    }
}
