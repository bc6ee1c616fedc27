using Banking.Host.Security;

namespace Banking.Testing;

/// <summary>The key ring of all hosts and commands of a test process that name no other: its folder is in the environment.</summary>
internal static class TestKeys
{
    public static string Folder { get; } = Create();

    private static string Create()
    {
        var folder = TestFolders.New("banking-keys-").FullName;
        new KeyRingFolder(folder, IsPrivate: false).CreateFirstKey();
        Environment.SetEnvironmentVariable("Banking__Keys__Folder", folder);
        return folder;
    }
}
