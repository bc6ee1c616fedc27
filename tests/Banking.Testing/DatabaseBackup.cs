using System.Diagnostics;
using System.Text.RegularExpressions;
using Npgsql;

namespace Banking.Testing;

/// <summary>A logical backup of one database, made with the pg_dump and pg_restore of the running server.</summary>
public sealed partial class DatabaseBackup
{
    private const int MaxAttempts = 5;

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

    /// <summary>All that a dump of the database has, as SQL.</summary>
    public static async Task<string> TextAsync(string connectionString)
    {
        connectionString = await TestCluster.SuperuserAsync(connectionString);
        var dump = new DatabaseBackup(
            connectionString,
            await GetToolFolderAsync(connectionString),
            Path.Combine(TestFolders.New("banking-dump-").FullName, "bank.sql"));
        await dump.RunAsync("pg_dump", "--format=plain", "--file", dump._file, dump._database.Database!);
        return await File.ReadAllTextAsync(dump._file);
    }

    /// <summary>Restores the database in place. Connections stay open.</summary>
    public async Task RestoreAsync()
    {
        // One transaction: no host sees a partial restore. PostgreSQL refuses to drop the keys of partitions separately, so their lines
        // are removed: dropping the tables drops the keys.
        var script = _file + ".sql";
        await RunAsync("pg_restore", "--clean", "--if-exists", "--file", script, _file);
        await File.WriteAllLinesAsync(script, (await File.ReadAllLinesAsync(script)).Where(l => !PartitionKey().IsMatch(l)));
        await RestoreInOneTransactionAsync(script);
    }

    /// <remarks>
    /// The restore locks one table after the other while hosts read several together, so PostgreSQL may end it as the victim of a
    /// deadlock. Nothing is restored then, and it begins again.
    /// </remarks>
    private async Task RestoreInOneTransactionAsync(string script)
    {
        string[] arguments =
        [
            "--single-transaction", "--set", "ON_ERROR_STOP=1", "--set", "VERBOSITY=verbose", "--quiet",
            "--dbname", _database.Database!, "--file", script,
        ];
        for (var attempt = 1; await TryAsync("psql", arguments) is { } failure; attempt++)
        {
            if (attempt == MaxAttempts || !failure.Contains(PostgresErrorCodes.DeadlockDetected, StringComparison.Ordinal))
            {
                throw new InvalidOperationException(failure);
            }
        }
    }

    [GeneratedRegex("^ALTER TABLE IF EXISTS ONLY .*_(default|archived|rest|[0-9]{4}_[0-9]{2}) DROP CONSTRAINT ")]
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
        if (await TryAsync(tool, arguments) is { } failure)
        {
            throw new InvalidOperationException(failure);
        }
    }

    /// <returns>Why the tool failed; null if it did not.</returns>
    private async Task<string?> TryAsync(string tool, string[] arguments)
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
        return process.ExitCode == 0 ? null : $"{tool} failed with exit code {process.ExitCode}: {error}";
    }
}
