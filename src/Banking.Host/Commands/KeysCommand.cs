using System.CommandLine;
using Banking.Host.Hosting;
using Banking.Host.Security;

namespace Banking.Host.Commands;

/// <summary>
/// <c>keys create</c>: creates the first key of the key ring, once for a bank. <c>keys rotate</c>: adds a key on demand, which hosts then
/// use. Both are run as the user of the hosts, because a file is readable for its owner only. A host may serve the bank meanwhile. Exit
/// code 0: the key is there; 2: nothing was done.
/// </summary>
internal static class KeysCommand
{
    public static Command Create(string[] settings)
    {
        var create = new Command("create", "creates the first key of the key ring; run it as the user of the hosts");
        create.SetAction(_ => RunCreate(Find(settings)));
        var rotate = new Command("rotate", "adds a key that running hosts wrap everything with; run it as the user of the hosts");
        rotate.SetAction(_ => RunRotate(Find(settings)));
        return new("keys", "the key ring, which opens personal data") { create, rotate };
    }

    private static KeyRingFolder Find(string[] settings)
    {
        var configuration = CommonOptions.ReadConfiguration(settings);
        var hasDatabase = !string.IsNullOrWhiteSpace(configuration.GetConnectionString(BankDatabase.Name));
        var folder = KeyRingFolder.Find(configuration, hasDatabase ? null : SettingRules.DataFolder(configuration));
        if (folder.IsPrivate)
        {
            OfflineCommand.RequireBank(configuration);
        }

        folder.Require();
        return folder;
    }

    private static int RunRotate(KeyRingFolder folder)
    {
        if (!folder.HasKeys)
        {
            throw new ConfigurationException($"The key ring in {folder.Path} has no key to rotate. Nothing was done.");
        }

        folder.AddKey();
        Console.WriteLine(
            $"The key ring in {folder.Path} has a new key. Running hosts wrap all with it within a minute. Back the folder up, and keep "
            + "the former files: backups of the database need them.");
        return 0;
    }

    private static int RunCreate(KeyRingFolder folder)
    {
        if (folder.HasKeys)
        {
            throw new ConfigurationException($"The key ring in {folder.Path} has keys already. Nothing was done.");
        }

        folder.CreateFirstKey();
        Console.WriteLine($"The key ring in {folder.Path} has its first key. Back the folder up, and not together with the database.");
        return 0;
    }
}
