using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Banking.EmbeddedPostgres;

/// <summary>The programs of one installed PostgreSQL.</summary>
internal sealed partial record PostgresBinaries(string BinFolder, string Version)
{
    public const int MinMajor = 15;

    public int Major => int.Parse(Version.Split('.')[0], CultureInfo.InvariantCulture);

    public string Postgres => Tool(BinFolder, "postgres");

    public string InitDb => Tool(BinFolder, "initdb");

    public string PgCtl => Tool(BinFolder, "pg_ctl");

    public static bool ExistIn(string folder) => File.Exists(Tool(folder, "postgres")) && File.Exists(Tool(folder, "initdb"));

    /// <summary>Reads the version. Null if the folder has no PostgreSQL that runs on this machine.</summary>
    public static async Task<PostgresBinaries?> ProbeAsync(string folder, CancellationToken ct)
    {
        if (!ExistIn(folder))
        {
            return null;
        }

        try
        {
            var answer = await Command.RunAsync([Tool(folder, "postgres"), "--version"], TimeSpan.FromSeconds(10), ct);
            return VersionPattern().Match(answer.Output) is { Success: true } match ? new(folder, AddMinor(match.Groups[1].Value)) : null;
        }
        catch (Win32Exception)
        {
            return null; // Not executable on this machine, such as a build for another architecture.
        }
    }

    // A beta prints no minor version, as in 19beta1.
    private static string AddMinor(string version) => version.Contains('.', StringComparison.Ordinal) ? version : version + ".0";

    private static string Tool(string folder, string name) => Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);

    [GeneratedRegex(@"\(PostgreSQL\)\s+(\d+(?:\.\d+)*)")]
    private static partial Regex VersionPattern();
}
