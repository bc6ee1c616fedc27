using Npgsql;

namespace Banking.Host.Database;

/// <summary>
/// The SQL scripts of this folder. They read their parameters from settings of the session, so that psql can run them as well.
/// </summary>
internal static class SqlScript
{
    public static string Text(string name)
    {
        using var stream = typeof(SqlScript).Assembly.GetManifestResourceStream($"Banking.Host.Database.{name}")
            ?? throw new InvalidOperationException($"There is no script {name} in this program.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Runs a script in one transaction, with these settings below "banking.".</summary>
    public static async Task RunAsync(NpgsqlConnection connection, string name, params (string Name, string Value)[] settings)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var path = new NpgsqlCommand("set local search_path = pg_catalog, pg_temp", connection, transaction))
        {
            await path.ExecuteNonQueryAsync();
        }

        foreach (var (setting, value) in settings)
        {
            await using var set = new NpgsqlCommand($"select set_config('banking.{setting}', $1, true)", connection, transaction)
            {
                Parameters = { new() { Value = value } },
            };
            await set.ExecuteNonQueryAsync();
        }

        await using (var script = new NpgsqlCommand(Text(name), connection, transaction) { CommandTimeout = 600 })
        {
            await script.ExecuteNonQueryAsync();
        }

        await transaction.CommitAsync();
    }
}
