namespace Banking.EmbeddedPostgres;

/// <summary>What the server wrote; the first thing to show when it does not start.</summary>
internal sealed record ServerLog(string File)
{
    private const long LargestBytes = 10 * 1024 * 1024;
    private const int TailLines = 20;

    /// <summary>Ready for a new server: not endless, and readable by its owner only, because statements may be in it.</summary>
    public void Prepare()
    {
        if (Length > LargestBytes)
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

    public string Since(long position)
    {
        using var stream = new FileStream(File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Position = Math.Min(position, stream.Length);
        return new StreamReader(stream).ReadToEnd();
    }

    public static string Tail(string text) =>
        string.Join(Environment.NewLine, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(TailLines));
}
