namespace Banking.EmbeddedPostgres.Backups;

/// <summary>The folder with the log of one timeline of a cluster, and with its base backups.</summary>
public sealed class ArchiveFolder
{
    internal const string Unfinished = ".new";
    internal const string Partial = ".partial";

    private const string StateFile = "archive.json";
    private const string ManifestFile = "manifest.json";

    private ArchiveFolder(string path) => Path = path;

    public string Path { get; }

    internal string WalFolder => System.IO.Path.Combine(Path, "wal");

    internal string BaseFolder => System.IO.Path.Combine(Path, "base");

    /// <summary>An empty file that a restore holds, so that nothing is deleted meanwhile.</summary>
    internal string LockPath => System.IO.Path.Combine(Path, "restore.lock");

    internal string StatePath => System.IO.Path.Combine(Path, StateFile);

    internal static ArchiveFolder In(string backupFolder, string name) => new(System.IO.Path.Combine(backupFolder, name));

    /// <summary>Finds an archive: the folder itself, or the only archive in it.</summary>
    /// <exception cref="BackupException">There is none, or there are several.</exception>
    public static ArchiveFolder Find(string folder)
    {
        if (File.Exists(System.IO.Path.Combine(folder, StateFile)))
        {
            return new(folder);
        }

        var all = List(folder);
        return all switch
        {
            [var one] => one,
            [] => throw new BackupException($"There is no archive of a bank in {folder}. Name the folder of the backups with --from."),
            _ => throw new BackupException(
                $"{folder} has several archives. Name one with --from: {string.Join(", ", all.Select(a => a.Path))}"),
        };
    }

    public static IReadOnlyList<ArchiveFolder> List(string folder) => Directory.Exists(folder)
        ?
        [
            .. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)
                .Where(f => File.Exists(System.IO.Path.Combine(f, StateFile))).Select(f => new ArchiveFolder(f)),
        ]
        : [];

    /// <exception cref="BackupException">archive.json is missing or damaged.</exception>
    public ArchiveState ReadState() => StoredFile.ReadJson<ArchiveState>(StatePath);

    /// <summary>The finished base backups, the oldest first. The manifests are checked against their hashes.</summary>
    /// <exception cref="BackupException">A manifest is damaged.</exception>
    public IReadOnlyList<BackupManifest> ReadBases() => [.. Labels().Select(ReadManifest)];

    /// <summary>The finished base backups whose manifest can be read, and the problems of the others.</summary>
    public (IReadOnlyList<BackupManifest> Bases, IReadOnlyList<string> Problems) ReadUsableBases()
    {
        var (bases, problems) = (new List<BackupManifest>(), new List<string>());
        foreach (var label in Labels())
        {
            try
            {
                bases.Add(ReadManifest(label));
            }
            catch (BackupException damaged)
            {
                problems.Add(damaged.Message);
            }
        }

        return (bases, problems);
    }

    internal string FolderOf(string label) => System.IO.Path.Combine(BaseFolder, label);

    internal string ManifestPath(string label) => System.IO.Path.Combine(FolderOf(label), ManifestFile);

    internal string DataOf(string label) => System.IO.Path.Combine(FolderOf(label), "data");

    private BackupManifest ReadManifest(string label)
    {
        var file = ManifestPath(label);
        StoredFile.CheckHash(file);
        var manifest = StoredFile.ReadJson<BackupManifest>(file);
        return manifest.Format == BackupManifest.CurrentFormat
            ? manifest
            : throw new BackupException($"{file} has format {manifest.Format}; this program reads {BackupManifest.CurrentFormat}.");
    }

    /// <summary>The labels of the finished base backups, the oldest first: labels are times.</summary>
    private IEnumerable<string> Labels() => Directory.Exists(BaseFolder)
        ? Directory.EnumerateDirectories(BaseFolder).Select(f => System.IO.Path.GetFileName(f))
            .Where(label => File.Exists(ManifestPath(label)))
            .Order(StringComparer.Ordinal)
        : [];

    /// <summary>
    /// The files of the log from a location to the last one of the archive, which may be partial, or to a gap. The archive may have more
    /// files than its state says, because the state is written later.
    /// </summary>
    internal (IReadOnlyList<string> Files, string? Missing) FilesFrom(ulong start, ArchiveState state)
    {
        var (first, last) = ((long)start / state.SegmentBytes, ((long)state.EndLocation - 1) / state.SegmentBytes);
        var files = new List<string>();
        for (var segment = first; ; segment++)
        {
            var file = System.IO.Path.Combine(WalFolder, Wal.FileName(state.Timeline, segment, state.SegmentBytes));
            // First, because a host that runs gives it its final name meanwhile.
            var isPartial = File.Exists(file + Partial);
            if (File.Exists(file))
            {
                files.Add(file);
                continue;
            }

            // The log up to a gap can be used too.
            if (isPartial)
            {
                files.Add(file + Partial);
            }

            return (files, segment < last || (segment == last && !isPartial) ? file : null);
        }
    }

    /// <summary>The last complete file of the log. Null if there is none.</summary>
    internal long? LastSegment(long segmentBytes) => Directory.Exists(WalFolder)
        ? Directory.EnumerateFiles(WalFolder).Max(file => Wal.Segment(System.IO.Path.GetFileName(file), segmentBytes))
        : null;

    /// <summary>Keeps the host from deleting old base backups and log. Null if the archive cannot be locked.</summary>
    internal FileStream? Hold()
    {
        try
        {
            return new(LockPath, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception missing) when (missing is FileNotFoundException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Deletes base backups that were interrupted. None may be running.</summary>
    internal void DeleteUnfinished()
    {
        foreach (var left in Directory.EnumerateDirectories(BaseFolder).Where(f => !File.Exists(System.IO.Path.Combine(f, ManifestFile))))
        {
            Directory.Delete(left, recursive: true);
        }
    }

    private FileStream? HoldAlone()
    {
        try
        {
            return new(LockPath, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            // A restore reads the archive. The next base backup deletes what is old.
            return null;
        }
    }

    /// <summary>
    /// Deletes old base backups and the log that only they need. One that is the newest from before the time that is kept, stays.
    /// </summary>
    internal void DeleteOld(int keep, TimeSpan keepFor)
    {
        using var alone = HoldAlone();
        var (bases, _) = ReadUsableBases();
        if (alone is null || bases is not [.., var newest])
        {
            return;
        }

        var kept = bases.Index()
            .Where(b => b.Index >= bases.Count - keep || bases[b.Index + 1].FinishedAt > newest.FinishedAt - keepFor)
            .Select(b => b.Item)
            .ToList();
        foreach (var old in bases.Except(kept))
        {
            // Without its manifest it is no backup any more, also if the deletion is interrupted.
            File.Delete(ManifestPath(old.Label));
            Directory.Delete(FolderOf(old.Label), recursive: true);
        }

        var segmentBytes = ReadState().SegmentBytes;
        var first = (long)kept[0].StartAt / segmentBytes;
        foreach (var file in Directory.EnumerateFiles(WalFolder))
        {
            if (Wal.Segment(System.IO.Path.GetFileName(file).Split('.')[0], segmentBytes) < first)
            {
                File.Delete(file);
            }
        }
    }
}
