using System.Security.Cryptography;
using Banking.Host.Security;
using Banking.Testing;

namespace Banking.Host.Tests.Identity;

/// <summary>The file with the key of development tokens.</summary>
public sealed class DevTokenKeyTests : IDisposable
{
    private readonly DirectoryInfo _folder = TestFolders.New("banking-dev-key-");

    private string KeyFile => Path.Combine(_folder.FullName, "dev-tokens.pem");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_key_is_kept_and_only_its_owner_may_read_it()
    {
        var key = new DevTokens(_folder.FullName).Key.KeyId;
        AssertOwnerOnly();
        Assert.Equal(key, new DevTokens(_folder.FullName).Key.KeyId);

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(KeyFile, File.GetUnixFileMode(KeyFile) | UnixFileMode.OtherRead);
            Assert.Equal(key, new DevTokens(_folder.FullName).Key.KeyId);
            AssertOwnerOnly();
        }

        Assert.Equal([KeyFile], Directory.GetFiles(_folder.FullName));
    }

    public static TheoryData<string> Corrupt => new()
    {
        "",
        "no key",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        RSA.Create(2048).ExportPkcs8PrivateKeyPem(),
        ECDsa.Create(ECCurve.NamedCurves.nistP384).ExportPkcs8PrivateKeyPem(),
        ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportSubjectPublicKeyInfoPem(),
    };

    [Theory]
    [MemberData(nameof(Corrupt), DisableDiscoveryEnumeration = true)]
    public void A_corrupt_file_is_refused_with_a_sentence_that_says_what_to_do(string content)
    {
        File.WriteAllText(KeyFile, content);

        var refused = Assert.Throws<ConfigurationException>(() => new DevTokens(_folder.FullName));

        Assert.StartsWith($"{KeyFile} is not a key of development tokens: ", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            "Delete the file: the bank then makes a new key, and tokens issued before are invalid.",
            refused.Message,
            StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(KeyFile));
    }

    private void AssertOwnerOnly()
    {
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        }
    }
}
