using Banking.EventStore.Archive;

namespace Banking.Host.Hosting;

/// <summary>Settings of the event archive: where its files are.</summary>
public sealed record ArchiveOptions
{
    public const string Section = "Banking:Archive";

    /// <summary>The folder of the files. Default: <c>archive</c> in the data folder.</summary>
    public string? Folder { get; init; }

    public static ArchiveOptions Read(IConfiguration configuration)
    {
        var options = configuration.GetSection(Section).Get<ArchiveOptions>() ?? new();
        return options with
        {
            Folder = Path.GetFullPath(
                string.IsNullOrWhiteSpace(options.Folder)
                    ? Path.Combine(SettingRules.DataFolder(configuration), "archive")
                    : options.Folder),
        };
    }

    public IArchiveStorage CreateStorage() => new FolderStorage(Folder!);
}
