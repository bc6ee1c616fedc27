using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;

namespace Banking.Host.Security;

/// <summary>The folder of the key ring. With it and the database all personal data can be opened.</summary>
/// <param name="Path">Empty if the database is configured and the folder is not.</param>
/// <param name="IsPrivate">
/// Whether it belongs to a private cluster: the bank then creates it. Any other must exist: a mistyped name, or a volume that is not
/// mounted, would otherwise be an empty key ring.
/// </param>
public sealed record KeyRingFolder(string Path, bool IsPrivate)
{
    public const string Setting = "Banking:Keys:Folder";

    private const string Name = "keys";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <param name="dataFolder">The data folder of the private cluster; null for a configured database.</param>
    public static KeyRingFolder Find(IConfiguration configuration, string? dataFolder) =>
        configuration[Setting] is { } configured && !string.IsNullOrWhiteSpace(configured)
            ? new(System.IO.Path.GetFullPath(configured), IsPrivate: false)
        : dataFolder is null ? new("", IsPrivate: false)
        : new(System.IO.Path.GetFullPath(System.IO.Path.Combine(dataFolder, Name)), IsPrivate: true);

    /// <summary>Why a host or a command cannot use it; null if it can.</summary>
    public string? Problem =>
        Path.Length == 0
            ? $"A bank with ConnectionStrings:banking needs {Setting}: a folder that all its hosts and commands share. It has the keys "
                + "that open personal data; back it up, and not together with the database."
        : IsPrivate || Directory.Exists(Path) ? null
        : $"There is no folder {Path}. {Setting} names the existing folder of the key ring, which all hosts and commands share.";

    public bool HasKeys => FindKeys().Count > 0;

    /// <summary>The ids of its keys.</summary>
    public IReadOnlyList<string> FindKeys() => Directory.Exists(Path)
        ?
        [
            .. Directory.EnumerateFiles(Path, "key-*.xml")
                .Select(file => System.IO.Path.GetFileNameWithoutExtension(file)["key-".Length..])
                .Order(StringComparer.Ordinal),
        ]
        : [];

    /// <exception cref="ConfigurationException">The folder is not configured, or does not exist and is not private.</exception>
    public void Require() => SettingRules.ThrowIfAny(Problem is { } problem ? [problem] : []);

    /// <summary>Returns the folder. If the bank creates it, only its owner may enter it.</summary>
    public DirectoryInfo Open()
    {
        Require();
        return IsPrivate && !OperatingSystem.IsWindows() && !Directory.Exists(Path)
            ? Directory.CreateDirectory(Path, OwnerOnly)
            : new(Path);
    }

    /// <summary>Creates the first key of the key ring. All later ones follow by themselves.</summary>
    /// <exception cref="ConfigurationException">The folder is missing, or this user may not write into it.</exception>
    public void CreateFirstKey() => CreateKey("first");

    /// <summary>Adds a key, which hosts use at once. The former ones stay, because they open what they wrapped.</summary>
    /// <exception cref="ConfigurationException">The folder is missing, or this user may not write into it.</exception>
    public void AddKey() => CreateKey("next");

    private void CreateKey(string which)
    {
        var services = new ServiceCollection();
        services.AddDataProtection().SetApplicationName(KeyRing.Application).PersistKeysToFileSystem(Open());
        using var provider = services.BuildServiceProvider();
        var (keys, now) = (provider.GetRequiredService<IKeyManager>(), TimeProvider.System.GetUtcNow());
        var lifetime = provider.GetRequiredService<IOptions<KeyManagementOptions>>().Value.NewKeyLifetime;
        try
        {
            keys.CreateNewKey(now, now + lifetime);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The {which} key of the key ring cannot be stored: {failure.Message}");
        }
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
