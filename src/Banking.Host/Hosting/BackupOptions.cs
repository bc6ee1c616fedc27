namespace Banking.Host.Hosting;

/// <summary>Settings of the backups of the private cluster.</summary>
public sealed record BackupOptions
{
    public const string Section = "Banking:Backup";

    /// <summary>Whether a host that serves the private cluster backs it up.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The folder of the backups. Default: <c>backups</c> in the data folder.</summary>
    public string? Folder { get; init; }

    /// <summary>Minutes from the end of a base backup to the next one.</summary>
    public int IntervalMinutes { get; init; } = 1440;

    /// <summary>The number of base backups that are kept at least.</summary>
    public int Keep { get; init; } = 2;

    /// <summary>Days before the newest base backup of which each state can be restored.</summary>
    public int KeepDays { get; init; } = 1;

    /// <summary>Gigabytes of log behind the last base backup from which the next one is due earlier.</summary>
    public int MaxLogGigabytes { get; init; } = 16;

    /// <summary>Gigabytes of free space that backups leave to others on their disk, and a restore on the disk of its folder.</summary>
    public int MinFreeGigabytes { get; init; } = 1;

    /// <summary>Seconds from one drill of a restore to the next.</summary>
    public int DrillIntervalSeconds { get; init; } = 604_800;

    /// <exception cref="ConfigurationException">A number is too small, or the database is not the private cluster.</exception>
    public static BackupOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        var options = section.Get<BackupOptions>() ?? new();
        if (section.GetChildren().Any() && !string.IsNullOrWhiteSpace(configuration.GetConnectionString(BankDatabase.Name)))
        {
            throw new ConfigurationException(
                $"{Section} concerns the private PostgreSQL only. The server of ConnectionStrings:{BankDatabase.Name} is backed up by its "
                    + "own tools (docs/operations.md).");
        }

        (string Name, int Value)[] numbers =
        [
            (nameof(IntervalMinutes), options.IntervalMinutes),
            (nameof(Keep), options.Keep),
            (nameof(KeepDays), options.KeepDays),
            (nameof(MaxLogGigabytes), options.MaxLogGigabytes),
            (nameof(MinFreeGigabytes), options.MinFreeGigabytes),
            (nameof(DrillIntervalSeconds), options.DrillIntervalSeconds),
        ];
        SettingRules.ThrowIfAny(numbers.Where(n => n.Value < 1).Select(n => $"{Section}:{n.Name} must be at least 1, not {n.Value}."));
        return options;
    }

    /// <summary>The folder of the backups of a private cluster.</summary>
    public string FolderIn(string dataFolder) =>
        Path.GetFullPath(string.IsNullOrWhiteSpace(Folder) ? DefaultFolder(dataFolder) : Folder);

    /// <summary>Deletes the backups in the data folder of a cluster that was deleted. A folder of one's own choice stays.</summary>
    public static void Delete(string dataFolder)
    {
        if (Directory.Exists(DefaultFolder(dataFolder)))
        {
            Directory.Delete(DefaultFolder(dataFolder), recursive: true);
        }
    }

    private static string DefaultFolder(string dataFolder) => Path.Combine(dataFolder, "backups");
}
