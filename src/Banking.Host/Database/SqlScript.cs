using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Host.Database;

/// <summary>
/// Runs the SQL scripts of this folder. A script reads its parameters from session settings, so that psql can run it too.
/// </summary>
internal static class SqlScript
{
    public static string Read(string name)
    {
        using var stream = typeof(SqlScript).Assembly.GetManifestResourceStream($"Banking.Host.Database.{name}")
            ?? throw new InvalidOperationException($"This assembly has no script {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Runs a script in one transaction. Each setting is set as "banking.NAME".</summary>
    public static async Task RunAsync(NpgsqlConnection connection, string name, params (string Name, string Value)[] settings)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("set local search_path = pg_catalog, pg_temp", [], default);
        foreach (var (setting, value) in settings)
        {
            await connection.ExecuteAsync($"select set_config('banking.{setting}', $1, true)", [value], default);
        }

        await connection.ExecuteAsync(Read(name), [], default, timeoutSeconds: 600);
        await transaction.CommitAsync();
    }
}
