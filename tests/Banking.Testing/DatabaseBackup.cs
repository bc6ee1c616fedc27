using System.Diagnostics;
using System.Text.RegularExpressions;
using Npgsql;

namespace Banking.Testing;

/// <summary>A logical backup of one database, by PostgreSQL's own programs, that lie where its server does.</summary>
public sealed partial class DatabaseBackup
{
    private readonly NpgsqlConnectionStringBuilder _database;
    private readonly string _tools;
    private readonly string _file;

    private DatabaseBackup(string connectionString, string tools, string file) =>
        (_database, _tools, _file) = (new(connectionString), tools, file);

    public static async Task<DatabaseBackup> TakeAsync(string connectionString)
    {
        connectionString = await TestCluster.SuperuserAsync(connectionString);
        var backup = new DatabaseBackup(
            connectionString, await ToolsAsync(connectionString), Path.Combine(TestFolders.New("banking-backup-").FullName, "bank.dump"));
        await backup.RunAsync("pg_dump", "--format=custom", "--file", backup._file, backup._database.Database!);
        return backup;
    }

    /// <summary>Puts everything back as it was, in place: whoever is connected stays so.</summary>
    public async Task RestoreAsync()
    {
        // In one transaction, so that no host meets a half. The keys of partitions cannot be dropped by themselves: they go with their
        // tables.
        var script = _file + ".sql";
        await RunAsync("pg_restore", "--clean", "--if-exists", "--file", script, _file);
        await File.WriteAllLinesAsync(script, (await File.ReadAllLinesAsync(script)).Where(l => !PartitionKey().IsMatch(l)));
        await RunAsync(
            "psql", "--single-transaction", "--set", "ON_ERROR_STOP=1", "--quiet", "--dbname", _database.Database!, "--file", script);
    }

    [GeneratedRegex("^ALTER TABLE IF EXISTS ONLY .*_(default|archived) DROP CONSTRAINT ")]
    private static partial Regex PartitionKey();

    private static async Task<string> ToolsAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select setting from pg_config where name = 'BINDIR'", connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private async Task RunAsync(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(_tools, tool), arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["PGHOST"] = _database.Host,
                ["PGPORT"] = _database.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
                ["PGUSER"] = _database.Username,
                ["PGPASSWORD"] = _database.Password,
            },
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var said = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{tool} ended with {process.ExitCode}: {said}");
        }
    }
}
