namespace Banking.Migration.Tests;

/// <summary>The real bank's files, which lie beside the repository and not in it.</summary>
internal static class SharedBank
{
    private static readonly Lazy<MigrationPlan> Once = new(() => Berka.BerkaImport.Plan(Folder!));

    private static string? Folder { get; } = Find();

    public static MigrationPlan Plan()
    {
        Assert.SkipWhen(Folder is null, "The real bank's files (../shared/data/berka from the repository) are not on this machine.");
        return Once.Value;
    }

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
            {
                var berka = Path.Combine(folder.FullName, "..", "shared", "data", "berka");
                return Directory.Exists(berka) ? berka : null;
            }
        }

        return null;
    }
}
