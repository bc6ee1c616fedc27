using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>
/// Files of a backup: written under a temporary name, to disk, and then renamed. A file NAME.sha256 has the hash in the form that sha256sum
/// checks.
/// </summary>
internal sealed record StoredFile(ServerAccount? Account)
{
    public const string HashSuffix = ".sha256";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Creates a folder that only the account of the server may enter.</summary>
    public void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            Unix.ChangeOwner(Account, folder);
        }
    }

    /// <summary>Opens an empty file that only the account of the server may read.</summary>
    public FileStream Create(string file)
    {
        // A file that is left from before would keep its owner and mode.
        File.Delete(file);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        var stream = new FileStream(file, options);
        Unix.ChangeOwner(Account, file);
        return stream;
    }

    public void WriteJson<T>(string file, T value) => WriteText(file, JsonSerializer.Serialize(value, Json) + "\n");

    public void WriteText(string file, string text)
    {
        using (var stream = Create(file + ".new"))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(file + ".new", file, overwrite: true);
        Unix.SyncFolder(Path.GetDirectoryName(file)!);
    }

    public void WriteHash(string file, string hash) => WriteText(file + HashSuffix, $"{hash}  {Path.GetFileName(file)}\n");

    /// <exception cref="BackupException">The file is missing or is not what this program writes.</exception>
    public static T ReadJson<T>(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(file), Json) ?? throw new JsonException("It is empty.");
        }
        catch (Exception problem) when (problem is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"{file} cannot be read: {problem.Message}", problem);
        }
    }

    public static string Hash(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <exception cref="BackupException">The file differs from its hash, or has none.</exception>
    public static void CheckHash(string file)
    {
        if (!File.Exists(file + HashSuffix))
        {
            throw new BackupException($"{file}{HashSuffix} is missing, so {file} cannot be checked. Use another backup.");
        }

        if (File.ReadAllText(file + HashSuffix).Split(' ')[0] != Hash(file))
        {
            throw Damaged(file);
        }
    }

    public static BackupException Damaged(string file) => new($"{file} is damaged: its SHA-256 differs. Use another backup.");
}
