using Banking.EventStore.Keys;

namespace Banking.Host.Security;

/// <summary>
/// Creates the first key of a key ring, if no stored key needs another one. Runs when the schema is current, under its lock, so that one
/// host does it.
/// </summary>
internal static class FirstKey
{
    private const string Command = "keys create";

    /// <exception cref="ConfigurationException">The folder is missing, or empty and the database needs its keys.</exception>
    public static async Task EnsureAsync(IServiceProvider services)
    {
        // A module may wrap keys by another service.
        if (services.GetService<IKeyWrapping>() is not KeyRing ring)
        {
            return;
        }

        var isHost = ring.Use == KeyRingUse.Host;
        if (isHost)
        {
            ring.Folder.Require();
        }

        if (ring.Folder.HasKeys || !(isHost || ring.Folder.IsPrivate))
        {
            return;
        }

        if (!await IsNeededAsync(services.GetServices<IStoredKeys>(), ring.Folder.IsPrivate))
        {
            ring.Folder.CreateFirstKey();
            services.GetRequiredService<ILogger<KeyRing>>().LogWarning(
                "The key ring in {Folder} has its first key: back the folder up, and not together with the database", ring.Folder.Path);
            return;
        }

        if (isHost)
        {
            throw new ConfigurationException(
                $"The key ring in {ring.Folder.Path} has no key, but the database has stored keys: mount the right folder or restore it "
                    + $"from its backup; only a bank from before the key ring gets a first key, by the command {Command}.");
        }
    }

    /// <summary>
    /// Whether another key must be there. In a private cluster from before the key ring no stored key is wrapped, so none is missing.
    /// </summary>
    private static async Task<bool> IsNeededAsync(IEnumerable<IStoredKeys> modules, bool isPrivate)
    {
        foreach (var stored in modules)
        {
            if (isPrivate ? await stored.ListSamplesAsync(default) is [_, ..] : await stored.ExistAsync(default))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Ends a command that wraps keys if there is no key to wrap them with.</summary>
    /// <exception cref="ConfigurationException">The key ring has no key.</exception>
    public static void Require(IServiceProvider services)
    {
        if (services.GetService<IKeyWrapping>() is KeyRing { Folder: { HasKeys: false } folder })
        {
            throw new ConfigurationException(
                $"The key ring in {folder.Path} has no key. For a new bank, create the first one by the command {Command}.");
        }
    }
}
