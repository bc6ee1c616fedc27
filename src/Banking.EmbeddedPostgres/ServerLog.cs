namespace Banking.EmbeddedPostgres;

/// <summary>The server's log file. Its end is part of the error when the server does not start.</summary>
internal sealed record ServerLog(string File)
{
    private const long MaxBytes = 10 * 1024 * 1024;
    private const int TailLines = 20;

    /// <summary>Rotates a large file and creates a missing one. Only its owner can read it, because it may contain statements.</summary>
    public void Prepare()
    {
        if (Length > MaxBytes)
        {
            System.IO.File.Move(File, File + ".1", overwrite: true);
        }

        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var created = new FileStream(File, options);
    }

    public long Length => new FileInfo(File) is { Exists: true } file ? file.Length : 0;

    public string ReadFrom(long position)
    {
        using var stream = new FileStream(File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Position = Math.Min(position, stream.Length);
        return new StreamReader(stream).ReadToEnd();
    }

    public static string Tail(string text) =>
        string.Join(Environment.NewLine, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(TailLines));
}
