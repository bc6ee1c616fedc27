namespace Banking.EmbeddedPostgres;

/// <summary>Puts the tools in front of a command that change its account, its session and its fate when the host dies.</summary>
internal sealed record Launcher(ServerAccount? Account, string? SetPriv, bool DeathSignal, string? RunUser, string? SetSid)
{
    public static async Task<Launcher> ForAsync(ServerAccount? account, CancellationToken ct)
    {
        if (OperatingSystem.IsWindows())
        {
            return new(null, null, false, null, null);
        }

        // BusyBox has a setpriv without these options, so its help is asked.
        var setPriv = OnPath("setpriv");
        var help = setPriv is null ? "" : (await Command.RunAsync([setPriv, "--help"], TimeSpan.FromSeconds(10), ct)).Output;
        var usable = help.Contains("--reuid", StringComparison.Ordinal) ? setPriv : null;
        var deathSignal = usable is not null && help.Contains("--pdeathsig", StringComparison.Ordinal);
        var launcher = new Launcher(account, usable, deathSignal, OnPath("runuser"), OnPath("setsid"));
        return account is null || launcher.SetPriv is not null || launcher.RunUser is not null
            ? launcher
            : throw new PostgresUnavailableException("""
                PostgreSQL refuses to run as root, and this machine has neither setpriv nor runuser (util-linux) to change the account.
                Start the host as an ordinary user, install util-linux, or set ConnectionStrings:banking.
                """);
    }

    public IReadOnlyList<string> Tool(IReadOnlyList<string> command) => [.. AsAccount(deathSignal: false), .. command];

    /// <summary>Every link of this chain replaces itself by the next, so that the process started is the postmaster.</summary>
    public IReadOnlyList<string> Server(IReadOnlyList<string> command, string logFile) => OperatingSystem.IsWindows()
        ? command
        :
        [
            // The log is a file and not a pipe: the server must outlive a host that is stopped in a debugger and does not read.
            "/bin/sh", "-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", logFile,
            // Ctrl+C reaches the terminal's whole process group. The host still needs its database to end well, so it goes alone.
            .. SetSid is null ? Array.Empty<string>() : [SetSid],
            .. AsAccount(DeathSignal),
            .. command,
        ];

    private IEnumerable<string> AsAccount(bool deathSignal)
    {
        // INT is PostgreSQL's fast shutdown: even a host that is killed leaves a cleanly ended cluster behind.
        string[] fate = deathSignal ? ["--pdeathsig", "INT"] : [];
        return Account switch
        {
            null => deathSignal ? [SetPriv!, .. fate] : [],
            _ when SetPriv is not null => [SetPriv, "--reuid", $"{Account.Uid}", "--regid", $"{Account.Gid}", "--clear-groups", .. fate],
            _ => [RunUser!, "-u", Account.Name, "--"],
        };
    }

    // sbin is added because it is missing from the PATH of services, and runuser is there.
    private static string? OnPath(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Concat(["/usr/bin", "/bin", "/usr/sbin", "/sbin"])
        .Select(folder => Path.Combine(folder, tool))
        .FirstOrDefault(File.Exists);
}
