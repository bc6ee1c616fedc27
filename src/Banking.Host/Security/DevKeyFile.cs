using System.Security.Cryptography;

namespace Banking.Host.Security;

/// <summary>
/// The key of development tokens, in a file of the data folder that only its owner may read. With it, tokens outlive a restart.
/// </summary>
internal static class DevKeyFile
{
    public const string Name = "dev-tokens.pem";

    private const string P256 = "1.2.840.10045.3.1.7";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="ConfigurationException">The file cannot be read, or is not such a key.</exception>
    public static ECDsa ReadOrCreate(string folder)
    {
        var file = Path.Combine(folder, Name);
        return File.Exists(file) ? Read(file) : Create(file);
    }

    public static void Delete(string folder) => File.Delete(Path.Combine(folder, Name));

    private static ECDsa Read(string file)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(file));
            if (key.ExportParameters(includePrivateParameters: true).Curve.Oid.Value != P256)
            {
                throw new CryptographicException("the key is not of the curve P-256");
            }
        }
        catch (Exception unusable)
            when (unusable is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new ConfigurationException(
                $"{file} is not a key of development tokens: {unusable.Message.TrimEnd('.')}. "
                    + "Delete the file: the bank then makes a new key, and tokens issued before are invalid.");
        }

        // A copy of the folder may have given the file to everyone.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, OwnerOnly);
        }

        return key;
    }

    private static ECDsa Create(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // Under another name first: a host that is killed meanwhile must not leave half a key.
        var unfinished = file + ".new";
        File.Delete(unfinished);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var writer = new StreamWriter(unfinished, options))
        {
            writer.WriteLine(key.ExportPkcs8PrivateKeyPem());
        }

        File.Move(unfinished, file);
        return key;
    }
}
