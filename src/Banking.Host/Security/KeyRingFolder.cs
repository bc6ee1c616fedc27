namespace Banking.Host.Security;

/// <summary>The folder of the key ring. Whoever has it and the database can open all personal data.</summary>
/// <param name="MayCreate">
/// Whether the bank creates the folder if it is missing. A configured one must exist: a mistyped name, or a volume that is not mounted,
/// would otherwise be an empty key ring.
/// </param>
public sealed record KeyRingFolder(string Path, bool MayCreate)
{
    public const string Setting = "Banking:Keys:Folder";

    private const string Name = "keys";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <param name="dataFolder">The data folder of the private cluster; null for a configured database.</param>
    public static KeyRingFolder Find(IConfiguration configuration, string? dataFolder, bool isDevelopment) =>
        configuration[Setting] is { } configured && !string.IsNullOrWhiteSpace(configured)
            ? new(System.IO.Path.GetFullPath(configured), MayCreate: false)
            : new(
                System.IO.Path.GetFullPath(System.IO.Path.Combine(dataFolder ?? SettingRules.DataFolder(configuration), Name)),
                MayCreate: dataFolder is not null || isDevelopment);

    /// <summary>Why a host cannot start with it; null if it can.</summary>
    public static string? FindProblem(IConfiguration configuration, string? dataFolder, bool isDevelopment) =>
        !isDevelopment && dataFolder is null && string.IsNullOrWhiteSpace(configuration[Setting])
            ? $"Production needs {Setting}: a folder that all hosts of the bank share. It has the keys that open personal data; "
                + "back it up, and not together with the database."
            : Find(configuration, dataFolder, isDevelopment).Problem;

    public string? Problem => MayCreate || Directory.Exists(Path)
        ? null
        : $"There is no folder {Path}. {Setting} names the existing folder of the key ring, which all hosts and commands share.";

    /// <exception cref="ConfigurationException">The folder is missing and the bank may not create it.</exception>
    public void Require() => SettingRules.ThrowIfAny(Problem is { } problem ? [problem] : []);

    /// <summary>Returns the folder. If the bank creates it, only its owner may enter it.</summary>
    public DirectoryInfo Open()
    {
        Require();
        return MayCreate && !OperatingSystem.IsWindows() && !Directory.Exists(Path)
            ? Directory.CreateDirectory(Path, OwnerOnly)
            : new(Path);
    }

    /// <summary>Deletes the key ring of a private cluster that was deleted.</summary>
    public static void Delete(string dataFolder)
    {
        if (Directory.Exists(System.IO.Path.Combine(dataFolder, Name)))
        {
            Directory.Delete(System.IO.Path.Combine(dataFolder, Name), recursive: true);
        }
    }
}
