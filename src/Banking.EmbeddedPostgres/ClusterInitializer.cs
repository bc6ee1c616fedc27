using System.Security.Cryptography;

namespace Banking.EmbeddedPostgres;

/// <summary>Creates the cluster. The last step renames its folder, so that a crash leaves either no cluster or a complete one.</summary>
internal static class ClusterInitializer
{
    public const string SuperUser = "bank";

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    public static async Task InitializeAsync(ClusterHome home, PostgresBinaries binaries, CancellationToken ct)
    {
        var passwordFile = Path.Combine(home.Folder, "password.new");
        WritePrivate(passwordFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)));
        Unix.ChangeOwner(home.Launcher.Account, passwordFile);

        // Text sorts by code point, which is fast and the same on every machine. Case mapping covers more than ASCII on systems that have
        // C.UTF-8.
        var result = OperatingSystem.IsLinux() ? await RunAsync("--lc-ctype=C.UTF-8") : new(-1, "");
        result = result.Succeeded ? result : await RunAsync();
        if (!result.Succeeded)
        {
            throw new PostgresUnavailableException(
                $"""
                PostgreSQL {binaries.Version} could not create its cluster in {home.Folder}{DescribeAccount(home)}. Output of initdb:
                {result.Output}
                """);
        }

        File.Move(passwordFile, Path.Combine(home.Unfinished, Path.GetFileName(home.PasswordFile)));
        ServerConfiguration.Include(home.Unfinished);
        Directory.Move(home.Unfinished, home.Cluster);

        async Task<CommandResult> RunAsync(params string[] extra)
        {
            if (Directory.Exists(home.Unfinished))
            {
                Directory.Delete(home.Unfinished, recursive: true);
            }

            Directory.CreateDirectory(home.Unfinished);
            Unix.ChangeOwner(home.Launcher.Account, home.Unfinished);
            string[] command =
            [
                binaries.InitDb, "-D", home.Unfinished, "-U", SuperUser, $"--pwfile={passwordFile}", "--auth=scram-sha-256",
                "--data-checksums", "--encoding=UTF8", "--locale=C", .. extra,
            ];
            return await Command.RunAsync(home.Launcher.WrapTool(command), Timeout, ct);
        }
    }

    private static string DescribeAccount(ClusterHome home) => home.Launcher.Account is { } account ? $" as user {account.Name}" : "";

    private static void WritePrivate(string file, string text)
    {
        // An existing file would keep its mode.
        File.Delete(file);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(file, options);
        writer.Write(text);
    }
}
