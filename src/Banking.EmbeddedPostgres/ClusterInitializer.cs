using System.Security.Cryptography;

namespace Banking.EmbeddedPostgres;

/// <summary>Makes the cluster. It gets its name last, so that a crash leaves either no cluster or a whole one.</summary>
internal static class ClusterInitializer
{
    public const string SuperUser = "bank";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static async Task InitializeAsync(ClusterHome home, PostgresBinaries binaries, CancellationToken ct)
    {
        var passwordFile = Path.Combine(home.Folder, "password.new");
        WritePrivate(passwordFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)));
        Unix.GiveTo(home.Launcher.Account, passwordFile);

        // Text sorts by code point everywhere, which is the same on every machine and fast; where the system has it, case mapping
        // knows more than ASCII.
        var result = OperatingSystem.IsLinux() ? await RunAsync("--lc-ctype=C.UTF-8") : new(-1, "");
        result = result.Succeeded ? result : await RunAsync();
        if (!result.Succeeded)
        {
            throw new PostgresUnavailableException(
                $"""
                PostgreSQL {binaries.Version} could not make its cluster in {home.Folder}{RunningAs(home)}. initdb said:
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
            Unix.GiveTo(home.Launcher.Account, home.Unfinished);
            string[] command =
            [
                binaries.InitDb, "-D", home.Unfinished, "-U", SuperUser, $"--pwfile={passwordFile}", "--auth=scram-sha-256",
                "--data-checksums", "--encoding=UTF8", "--locale=C", .. extra,
            ];
            return await Command.RunAsync(home.Launcher.Tool(command), Limit, ct);
        }
    }

    private static string RunningAs(ClusterHome home) => home.Launcher.Account is { } account ? $" as user {account.Name}" : "";

    private static void WritePrivate(string file, string text)
    {
        // A file that is already there would keep its mode.
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
