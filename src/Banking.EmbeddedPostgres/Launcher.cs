namespace Banking.EmbeddedPostgres;

/// <summary>
/// Wraps a command in system tools that change its account, start a new session, and end the server when the host dies.
/// </summary>
internal sealed record Launcher(ServerAccount? Account, string? SetPriv, bool HasDeathSignal, string? RunUser, string? SetSid)
{
    public static async Task<Launcher> ForAsync(ServerAccount? account, CancellationToken ct)
    {
        if (OperatingSystem.IsWindows())
        {
            return new(null, null, false, null, null);
        }

        // BusyBox has a setpriv without these options. Its help text shows which options exist.
        var setPriv = FindOnPath("setpriv");
        var help = setPriv is null ? "" : (await Command.RunAsync([setPriv, "--help"], TimeSpan.FromSeconds(10), ct)).Output;
        var usable = help.Contains("--reuid", StringComparison.Ordinal) ? setPriv : null;
        var withDeathSignal = usable is not null && help.Contains("--pdeathsig", StringComparison.Ordinal);
        var launcher = new Launcher(account, usable, withDeathSignal, FindOnPath("runuser"), FindOnPath("setsid"));
        return account is null || launcher.SetPriv is not null || launcher.RunUser is not null
            ? launcher
            : throw new PostgresUnavailableException("""
                PostgreSQL refuses to run as root, and this machine has neither setpriv nor runuser (util-linux) to change the account.
                Start the host as an ordinary user, install util-linux, or set ConnectionStrings:banking.
                """);
    }

    public IReadOnlyList<string> WrapTool(IReadOnlyList<string> command) => [.. AsAccount(withDeathSignal: false), .. command];

    /// <summary>Each tool replaces its process with the next one, so that the started process becomes the postmaster.</summary>
    public IReadOnlyList<string> WrapServer(IReadOnlyList<string> command, string logFile) => OperatingSystem.IsWindows()
        ? command
        :
        [
            // The log is a file, not a pipe: a host stopped in a debugger does not read, and a full pipe would block the server.
            "/bin/sh", "-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", logFile,
            // A separate session: Ctrl+C signals the terminal's whole process group, and the host needs its database for a clean stop.
            .. SetSid is null ? Array.Empty<string>() : [SetSid],
            .. AsAccount(HasDeathSignal),
            .. command,
        ];

    private IEnumerable<string> AsAccount(bool withDeathSignal)
    {
        // INT is PostgreSQL's fast shutdown, so even a killed host leaves a cleanly stopped cluster.
        string[] signal = withDeathSignal ? ["--pdeathsig", "INT"] : [];
        return Account switch
        {
            null => withDeathSignal ? [SetPriv!, .. signal] : [],
            _ when SetPriv is not null => [SetPriv, "--reuid", $"{Account.Uid}", "--regid", $"{Account.Gid}", "--clear-groups", .. signal],
            _ => [RunUser!, "-u", Account.Name, "--"],
        };
    }

    // Adds sbin, the folder of runuser, because the PATH of services does not have it.
    private static string? FindOnPath(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Concat(["/usr/bin", "/bin", "/usr/sbin", "/sbin"])
        .Select(folder => Path.Combine(folder, tool))
        .FirstOrDefault(File.Exists);
}
