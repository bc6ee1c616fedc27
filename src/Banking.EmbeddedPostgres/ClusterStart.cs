namespace Banking.EmbeddedPostgres;

/// <summary>The way from settings to a running cluster. Nothing is touched before the folder's lock is ours.</summary>
internal static class ClusterStart
{
    public static async Task<PostgresCluster> RunAsync(PostgresSettings settings, Action<string> log, CancellationToken ct)
    {
        ServerConfiguration.Validate(settings.Parameters);
        var locks = new List<FolderLock>();
        try
        {
            var dataFolder = RealPath.Of(settings.DataFolder);
            Directory.CreateDirectory(dataFolder);
            locks.Add(await FolderLock.TakeAsync(dataFolder, ct));
            var home = await ClusterHome.ResolveAsync(dataFolder, ct);
            if (home.IsElsewhere)
            {
                // A copied data folder points to the same home as its original.
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
                    Start the host as that user, or give it another folder with Banking:DataFolder.
                    """,
                    problem);
            }

            throw;
        }
    }

    private static async Task<PostgresCluster> StartAsync(
        ClusterHome home, List<FolderLock> locks, PostgresSettings settings, Action<string> log, CancellationToken ct)
    {
        var wipe = settings.Fresh || home.IsOrphaned;
        var binaries = await BinaryLocator.LocateAsync(settings, wipe ? null : home.ClusterMajor, log, ct);
        await Leftovers.TakeOverAsync(home, binaries, log);
        if (wipe)
        {
            home.Wipe();
        }

        if (home.ClusterMajor is not { } clusterMajor)
        {
            log($"Making a PostgreSQL {binaries.Version} cluster in {home.Folder}.");
            await ClusterInitializer.InitializeAsync(home, binaries, ct);
        }
        else if (clusterMajor != binaries.Major)
        {
            throw new PostgresUnavailableException(
                $"""
                The cluster in {home.Folder} was made by PostgreSQL {clusterMajor}.
                The binaries in {binaries.BinFolder} are version {binaries.Version} and cannot open it.
                Set Banking:Postgres:BinFolder to the binaries of version {clusterMajor}, or, in Development, start with --fresh --yes, which deletes the data.
                """);
        }

        ServerConfiguration.Write(home, settings.Parameters);
        var password = await File.ReadAllTextAsync(home.PasswordFile, ct);
        var server = await ServerStart.RunAsync(home, binaries, settings.Port, settings.StartTimeout, ct);
        log($"PostgreSQL {binaries.Version} runs on 127.0.0.1:{server.Port} with its data in {home.Folder}.");
        return new(home, locks, binaries, server, password, log);
    }
}
