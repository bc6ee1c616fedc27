using System.CommandLine;
using Banking.Host.Security;

namespace Banking.Host.Commands;

/// <summary>
/// <c>keys create</c>: creates the first key of the key ring. It is run once for a bank, as the user of its hosts, because the file is
/// readable for its owner only. Exit code 0: there is a key; 2: nothing was done.
/// </summary>
internal static class KeysCommand
{
    public static Command Create(string[] settings)
    {
        var create = new Command("create", "creates the first key of the key ring; run it as the user of the hosts");
        create.SetAction(_ => Run(CommonOptions.ReadConfiguration(settings)));
        return new("keys", "the key ring, which opens personal data") { create };
    }

    private static int Run(IConfiguration configuration)
    {
        var folder = KeyRingFolder.Find(configuration, dataFolder: null);
        folder.Require();
        if (folder.HasKeys)
        {
            throw new ConfigurationException($"The key ring in {folder.Path} has keys already. Nothing was done.");
        }

        folder.CreateFirstKey();
        Console.WriteLine($"The key ring in {folder.Path} has its first key. Back the folder up, and not together with the database.");
        return 0;
    }
}
