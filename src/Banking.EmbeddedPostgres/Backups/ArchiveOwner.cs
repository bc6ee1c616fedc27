using System.Globalization;
using System.Security.Cryptography;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>
/// Finds the archive that a cluster continues. Two clusters may have the same history: a data folder was copied, set back to a snapshot, or
/// restored twice. So cluster and archive share a token that changes whenever the archive is opened; a cluster without the token of today,
/// and one that the archive is ahead of, begins an archive of its own.
/// </summary>
internal sealed class ArchiveOwner
{
    private ArchiveOwner(ArchiveFolder archive, string token) => (Archive, Token) = (archive, token);

    public ArchiveFolder Archive { get; }

    public string Token { get; }

    /// <param name="clusterHome">Outside of the cluster's own files, so that a base backup does not have the token.</param>
    public static ArchiveOwner Claim(
        string backupFolder, string clusterHome, ServerLocation server, StoredFile stored, Action<string> warn)
    {
        var file = ClaimFile(clusterHome);
        var token = CreateToken();
        if (Find(backupFolder, file, server, warn) is not { } archive)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{server.SystemIdentifier}-{server.Timeline}-{token[..8]}");
            stored.WriteJson(file, new ArchiveClaim(name, [token]));
            return new(ArchiveFolder.In(backupFolder, name), token);
        }

        var claim = new ArchiveClaim(Path.GetFileName(archive.Path), [token]);
        if (File.Exists(archive.StatePath))
        {
            var state = archive.ReadState();
            // If the host is killed here, one of the two is the archive's.
            stored.WriteJson(file, claim with { Tokens = [state.Owner, token] });
            stored.WriteJson(archive.StatePath, state with { Owner = token });
        }

        stored.WriteJson(file, claim);
        return new(archive, token);
    }

    /// <summary>Lets the next claim begin a new archive.</summary>
    public static void Forget(string clusterHome) => File.Delete(ClaimFile(clusterHome));

    /// <exception cref="BackupException">Another cluster with the same history has opened the archive since.</exception>
    public void Check()
    {
        if (File.Exists(Archive.StatePath) && Archive.ReadState().Owner != Token)
        {
            throw new BackupException($"Another copy of this cluster took over {Archive.Path}. This one begins a new archive.");
        }
    }

    private static ArchiveFolder? Find(string backupFolder, string claimFile, ServerLocation server, Action<string> warn)
    {
        if (ReadClaim(claimFile, warn) is not { } claim || !claim.Archive.StartsWith(
            string.Create(CultureInfo.InvariantCulture, $"{server.SystemIdentifier}-{server.Timeline}-"), StringComparison.Ordinal))
        {
            return null;
        }

        var archive = ArchiveFolder.In(backupFolder, claim.Archive);
        var problem = !File.Exists(archive.StatePath) ? null
            : !claim.Tokens.Contains(archive.ReadState().Owner) ? "another copy of this cluster has continued it"
            : IsAhead(archive, server) ? "it reaches beyond the end of the cluster's log, so the data folder was set back"
            : null;
        if (problem is null)
        {
            return archive;
        }

        warn($"The archive {archive.Path} is left as it is: {problem}. A new archive begins.");
        return null;
    }

    private static ArchiveClaim? ReadClaim(string file, Action<string> warn)
    {
        try
        {
            return File.Exists(file) ? StoredFile.ReadJson<ArchiveClaim>(file) : null;
        }
        catch (BackupException damaged)
        {
            warn($"{damaged.Message} A new archive begins.");
            return null;
        }
    }

    /// <summary>Whether the archive has a complete file of the log that the cluster has not completed.</summary>
    private static bool IsAhead(ArchiveFolder archive, ServerLocation server) =>
        archive.LastSegment(server.SegmentBytes) >= (long)server.Flushed / server.SegmentBytes;

    private static string ClaimFile(string clusterHome) => Path.Combine(clusterHome, "archive.owner");

    private static string CreateToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <param name="Archive">The name of the archive's folder.</param>
    /// <param name="Tokens">The token of the archive; two while it is being changed.</param>
    private sealed record ArchiveClaim(string Archive, IReadOnlyList<string> Tokens);
}
