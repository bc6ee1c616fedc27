using System.Security.Cryptography;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>Keeps a second cluster with the same history, such as a copied data folder, out of an archive.</summary>
internal static class ArchiveOwner
{
    public static string Claim(ArchiveFolder archive, string clusterHome)
    {
        // Outside of the cluster's own files, so that a base backup does not have it.
        var file = Path.Combine(clusterHome, "archive.owner");
        if (!File.Exists(file))
        {
            File.WriteAllText(file, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        }

        var own = File.ReadAllText(file);
        return !File.Exists(archive.StatePath) || archive.ReadState().Owner == own
            ? own
            : throw new BackupException(
                $"{archive.Path} is the archive of another copy of this cluster. Set Banking:Backup:Folder to another folder.");
    }
}
