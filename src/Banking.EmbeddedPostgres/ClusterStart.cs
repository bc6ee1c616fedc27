namespace Banking.EmbeddedPostgres;

/// <summary>Starts a cluster from its settings. Takes the folder's lock before it changes any file.</summary>
internal static class ClusterStart
{
    public static async Task<PostgresCluster> RunAsync(PostgresSettings settings, Action<string> log, CancellationToken ct)
    {
        ServerConfiguration.Validate(settings.Parameters);
        var locks = new List<FolderLock>();
        try
        {
            var dataFolder = RealPath.Resolve(settings.DataFolder);
            CreateFolder(dataFolder);
            locks.Add(await FolderLock.TakeAsync(dataFolder, ct));
            var home = await ClusterHome.ResolveAsync(dataFolder, ct);
            if (home.IsRelocated)
            {
                // A copied data folder refers to the same home as its original.
                locks.Add(await FolderLock.TakeAsync(home.Folder, ct));
            }

            return await StartAsync(home, locks, settings, log, ct);
        }
        catch (Exception problem)
        {
            locks.ForEach(held => held.Dispose());
            if (problem is UnauthorizedAccessException)
            {
                throw new PostgresUnavailableException(
                    $"""
                    The data folder {settings.DataFolder} belongs to another user: {problem.Message}
                    Start the host as that user, or set Banking:DataFolder to another folder.
                    """,
                    problem);
            }

            throw;
        }
    }

    /// <exception cref="PostgresUnavailableException">The path leads to a file, a full or read-only disk, or a place that cannot have
    /// folders.</exception>
    private static void CreateFolder(string dataFolder)
    {
        try
        {
            Directory.CreateDirectory(dataFolder);
        }
        catch (IOException problem)
        {
            throw new PostgresUnavailableException(
                $"""
                The data folder {dataFolder} cannot be created: {problem.Message}
                Set Banking:DataFolder to a folder that this user may create and write.
                """,
                problem);
        }
    }

    private static async Task<PostgresCluster> StartAsync(
        ClusterHome home, List<FolderLock> locks, PostgresSettings settings, Action<string> log, CancellationToken ct)
    {
        var wipe = settings.Fresh || home.IsOrphaned;
        if (File.Exists(home.UnfinishedRestore) && !wipe && !settings.IsRestore)
        {
            // Without this check an empty cluster would be created next to the files that were copied.
            throw new PostgresUnavailableException(
                $"{home.DataFolder} has an unfinished restore, which was interrupted. Delete the folder, and restore again.");
        }

        var binaries = await BinaryLocator.LocateAsync(settings, wipe ? null : home.ClusterMajor, log, ct);
        await OrphanedServer.StopAsync(home, binaries, log);
        if (wipe)
        {
            home.Wipe();
        }

        if (home.ClusterMajor is not { } clusterMajor)
        {
            log($"Creating a PostgreSQL {binaries.Version} cluster in {home.Folder}.");
            await ClusterInitializer.InitializeAsync(home, binaries, ct);
        }
        else if (clusterMajor != binaries.Major)
        {
            throw new PostgresUnavailableException(
                $"""
                PostgreSQL {clusterMajor} created the cluster in {home.Folder}.
                The binaries in {binaries.BinFolder} are version {binaries.Version} and cannot open it.
                Set Banking:Postgres:BinFolder to the binaries of version {clusterMajor}.
                In Development you can delete the data instead: start with --fresh --yes.
                """);
        }

        ServerConfiguration.Write(home, settings.Parameters);
        var password = await File.ReadAllTextAsync(home.PasswordFile, ct);
        var server = await ServerStart.RunAsync(home, binaries, settings.Port, settings.StartTimeout, ct);
        log($"PostgreSQL {binaries.Version} runs on 127.0.0.1:{server.Port} with its data in {home.Folder}.");
        return new(home, locks, binaries, server, password, log);
    }
}
