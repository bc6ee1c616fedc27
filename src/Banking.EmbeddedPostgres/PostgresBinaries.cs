using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Banking.EmbeddedPostgres;

/// <summary>One installed PostgreSQL.</summary>
internal sealed partial record PostgresBinaries(string BinFolder, string Version)
{
    public const int OldestMajor = 15;

    public int Major => int.Parse(Version.Split('.')[0], CultureInfo.InvariantCulture);

    public string Postgres => Tool(BinFolder, "postgres");

    public string InitDb => Tool(BinFolder, "initdb");

    public string PgCtl => Tool(BinFolder, "pg_ctl");

    public static bool AreIn(string folder) => File.Exists(Tool(folder, "postgres")) && File.Exists(Tool(folder, "initdb"));

    /// <summary>Null when the folder holds no PostgreSQL that runs on this machine.</summary>
    public static async Task<PostgresBinaries?> ProbeAsync(string folder, CancellationToken ct)
    {
        if (!AreIn(folder))
        {
            return null;
        }

        try
        {
            var answer = await Command.RunAsync([Tool(folder, "postgres"), "--version"], TimeSpan.FromSeconds(10), ct);
            return VersionPattern().Match(answer.Output) is { Success: true } match ? new(folder, TwoParts(match.Groups[1].Value)) : null;
        }
        catch (Win32Exception)
        {
            return null; // Not executable here, such as another architecture's build.
        }
    }

    // A beta prints no second part, as in 19beta1.
    private static string TwoParts(string version) => version.Contains('.', StringComparison.Ordinal) ? version : version + ".0";

    private static string Tool(string folder, string name) => Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);

    [GeneratedRegex(@"\(PostgreSQL\)\s+(\d+(?:\.\d+)*)")]
    private static partial Regex VersionPattern();
}
