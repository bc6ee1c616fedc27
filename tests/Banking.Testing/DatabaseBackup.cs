using System.Diagnostics;
using System.Text.RegularExpressions;
using Npgsql;

namespace Banking.Testing;

/// <summary>A logical backup of one database, made with the pg_dump and pg_restore of the running server.</summary>
public sealed partial class DatabaseBackup
{
    private readonly NpgsqlConnectionStringBuilder _database;
    private readonly string _toolFolder;
    private readonly string _file;

    private DatabaseBackup(string connectionString, string tools, string file) =>
        (_database, _toolFolder, _file) = (new(connectionString), tools, file);

    public static async Task<DatabaseBackup> TakeAsync(string connectionString)
    {
        connectionString = await TestCluster.SuperuserAsync(connectionString);
        var backup = new DatabaseBackup(
            connectionString,
            await GetToolFolderAsync(connectionString),
            Path.Combine(TestFolders.New("banking-backup-").FullName, "bank.dump"));
        await backup.RunAsync("pg_dump", "--format=custom", "--file", backup._file, backup._database.Database!);
        return backup;
    }

    /// <summary>Restores the database in place. Connections stay open.</summary>
    public async Task RestoreAsync()
    {
        // One transaction: no host sees a partial restore. PostgreSQL refuses to drop the keys of partitions separately, so their lines
        // are removed: dropping the tables drops the keys.
        var script = _file + ".sql";
        await RunAsync("pg_restore", "--clean", "--if-exists", "--file", script, _file);
        await File.WriteAllLinesAsync(script, (await File.ReadAllLinesAsync(script)).Where(l => !PartitionKey().IsMatch(l)));
        await RunAsync(
            "psql", "--single-transaction", "--set", "ON_ERROR_STOP=1", "--quiet", "--dbname", _database.Database!, "--file", script);
    }

    [GeneratedRegex("^ALTER TABLE IF EXISTS ONLY .*_(default|archived) DROP CONSTRAINT ")]
    private static partial Regex PartitionKey();

    private static async Task<string> GetToolFolderAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select setting from pg_config where name = 'BINDIR'", connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private async Task RunAsync(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(_toolFolder, tool), arguments)
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
        var error = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{tool} failed with exit code {process.ExitCode}: {error}");
        }
    }
}
