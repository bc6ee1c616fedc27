using System.Text;
using System.Text.RegularExpressions;

namespace Banking.EmbeddedPostgres;

/// <summary>The settings file, written anew at each start and included at the end of postgresql.conf.</summary>
internal static partial class ServerConfiguration
{
    private const string FileName = "banking.conf";

    private static readonly string[] Owned = ["port", "listen_addresses", "unix_socket_directories", "data_directory", "config_file"];

    private static readonly (string Name, string Value)[] Defaults =
    [
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        // Durability is the default; it is said, so that no older file in the folder says otherwise.
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("max_connections", "200"),
        ("shared_buffers", "256MB"),
        ("wal_compression", "on"),
        ("max_wal_size", "2GB"),
        // Files of the write-ahead log are used again rather than made anew: making one holds up every commit for 30 to 60 ms.
        ("min_wal_size", "1GB"),
        ("checkpoint_timeout", "15min"),
        // Compiling costs more than it gives on the short statements of a bank.
        ("jit", "off"),
    ];

    /// <summary>Given on the command line, where nothing in the folder can override it: nobody but this machine gets in.</summary>
    public static IEnumerable<string> Arguments(string cluster, int port) =>
        ["-D", cluster, "-c", "listen_addresses=127.0.0.1", "-c", $"port={port}", "-c", "unix_socket_directories="];

    public static void Validate(IReadOnlyDictionary<string, string> parameters)
    {
        foreach (var name in parameters.Keys)
        {
            if (!ParameterName().IsMatch(name) || Owned.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                throw new ArgumentException($"\"{name}\" is not a PostgreSQL setting that can be given here.", nameof(parameters));
            }
        }
    }

    public static void Include(string cluster) => File.AppendAllText(Path.Combine(cluster, "postgresql.conf"), $"\ninclude '{FileName}'\n");

    public static void Write(ClusterHome home, IReadOnlyDictionary<string, string> parameters)
    {
        var text = new StringBuilder("# Written by the bank at each start; settings belong in Banking:Postgres.\n");
        foreach (var (name, value) in Defaults.Concat(Collector(home)).Concat(parameters.Select(pair => (pair.Key, pair.Value))))
        {
            var quoted = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
            text.Append(name).Append(" = '").Append(quoted).Append("'\n");
        }

        var file = Path.Combine(home.Cluster, FileName);
        File.WriteAllText(file, text.ToString());
        Unix.GiveTo(home.Launcher.Account, file);
    }

    // Windows has no shell to send the output to a file, so the server does it.
    private static (string, string)[] Collector(ClusterHome home) => OperatingSystem.IsWindows()
        ?
        [
            ("logging_collector", "on"),
            ("log_directory", home.Folder),
            ("log_filename", Path.GetFileName(home.Log.File)),
            ("log_rotation_age", "0"),
            ("log_rotation_size", "0"),
        ]
        : [];

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_.]*$")]
    private static partial Regex ParameterName();
}
