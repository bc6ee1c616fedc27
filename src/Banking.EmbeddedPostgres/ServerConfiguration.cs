using System.Text;
using System.Text.RegularExpressions;

namespace Banking.EmbeddedPostgres;

/// <summary>The server's settings file. Each start rewrites it; postgresql.conf includes it at the end.</summary>
internal static partial class ServerConfiguration
{
    private const string FileName = "banking.conf";

    private static readonly string[] Reserved = ["port", "listen_addresses", "unix_socket_directories", "data_directory", "config_file"];

    private static readonly (string Name, string Value)[] Defaults =
    [
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        // Durability is PostgreSQL's default. It is set explicitly to override older files in the folder.
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("max_connections", "200"),
        ("shared_buffers", "256MB"),
        ("wal_compression", "on"),
        ("max_wal_size", "2GB"),
        // PostgreSQL recycles files of the write-ahead log up to this size. Creating a new file delays every commit by 30 to 60 ms.
        ("min_wal_size", "1GB"),
        ("checkpoint_timeout", "15min"),
        // What the server keeps at most for an archive that cannot be written (Backups).
        ("max_slot_wal_keep_size", "4GB"),
        // JIT compilation costs more than it saves on the short statements of a bank.
        ("jit", "off"),
    ];

    /// <summary>
    /// The server's arguments. They restrict access to this machine and are given on the command line, because no file can override them
    /// there.
    /// </summary>
    public static IEnumerable<string> Arguments(string cluster, int port) =>
        ["-D", cluster, "-c", "listen_addresses=127.0.0.1", "-c", $"port={port}", "-c", "unix_socket_directories="];

    public static void Validate(IReadOnlyDictionary<string, string> parameters)
    {
        foreach (var name in parameters.Keys)
        {
            if (!ParameterName().IsMatch(name) || Reserved.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                throw new ArgumentException($"\"{name}\" is not a PostgreSQL setting that can be changed here.", nameof(parameters));
            }
        }
    }

    public static void Include(string cluster) => File.AppendAllText(Path.Combine(cluster, "postgresql.conf"), $"\ninclude '{FileName}'\n");

    public static void Write(ClusterHome home, IReadOnlyDictionary<string, string> parameters)
    {
        var text = new StringBuilder("# The bank rewrites this file at each start. Put settings into Banking:Postgres.\n");
        foreach (var (name, value) in Defaults.Concat(LogCollector(home)).Concat(parameters.Select(pair => (pair.Key, pair.Value))))
        {
            var quoted = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
            text.Append(name).Append(" = '").Append(quoted).Append("'\n");
        }

        var file = Path.Combine(home.Cluster, FileName);
        File.WriteAllText(file, text.ToString());
        Unix.ChangeOwner(home.Launcher.Account, file);
    }

    // Windows has no shell that redirects the output to a file, so the server writes the file itself.
    private static (string, string)[] LogCollector(ClusterHome home) => OperatingSystem.IsWindows()
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
