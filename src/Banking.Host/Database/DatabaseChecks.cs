using Banking.EventStore;
using Banking.EventStore.Storage;
using Banking.Host.Hosting;
using Npgsql;

namespace Banking.Host.Database;

/// <summary>
/// Checks of the server and its roles over the host's connection. A violation stops a host in Production and is a warning in Development.
/// </summary>
internal sealed class DatabaseChecks(bool isDevelopment, IConfiguration configuration, ILogger<DatabaseChecks> log)
{
    private const string Superuser = "exists (select from pg_roles r where r.rolsuper and pg_has_role(current_user, r.oid, 'MEMBER'))";

    private bool IsProduction => !isDevelopment;

    /// <summary>Runs before the schema is migrated.</summary>
    public async Task CheckServerAsync(NpgsqlConnection connection, string role)
    {
        await ConnectionBudget.FromConfiguration(configuration).CheckAsync(connection, log);
        if (!IsProduction)
        {
            return;
        }

        var problems = new List<string>();
        foreach (var name in (string[])["fsync", "full_page_writes", "synchronous_commit"])
        {
            if (await IsTrueAsync(connection, $"select current_setting('{name}') = 'off'"))
            {
                problems.Add($"PostgreSQL has {name} off, so a crash could lose confirmed transactions. Production needs it on.");
            }
        }

        if (await IsTrueAsync(connection, $"select {Superuser}"))
        {
            problems.Add(DescribeSuperuser("banking", role));
        }

        SettingRules.ThrowIfAny(problems);
    }

    public async Task CheckOwnerAsync(NpgsqlConnection owner)
    {
        if (IsProduction && await IsTrueAsync(owner, $"select {Superuser}"))
        {
            SettingRules.ThrowIfAny([DescribeSuperuser("owner", new NpgsqlConnectionStringBuilder(owner.ConnectionString).Username)]);
        }
    }

    /// <summary>Runs after the migration: checks that the host's role cannot change the append-only tables.</summary>
    public async Task CheckLogAsync(NpgsqlConnection connection, string role)
    {
        if (IsProduction && await IsTrueAsync(connection, $"select exists (select from {EventStoreModule.MovedClockTable})"))
        {
            SettingRules.ThrowIfAny([
                "A host served this database with a moved clock, so its recorded times are not real. "
                    + "Production serves only databases recorded with the machine's clock.",
            ]);
        }

        const string Owner = $"(select relowner from pg_class where oid = '{SchemaNames.Streams}'::regclass)";
        if (!await IsTrueAsync(connection, $"select pg_has_role(current_user, {Owner}, 'MEMBER')"))
        {
            return;
        }

        var problem = $"The role {role} of ConnectionStrings:banking owns the tables of the log, so this host could change events.";
        if (IsProduction && !SettingRules.IsEnabled(configuration, StartupChecks.OwnerAsHost))
        {
            SettingRules.ThrowIfAny([
                $"{problem} Production needs a separate role for the host (docs/operations.md), or {StartupChecks.OwnerAsHost}=true.",
            ]);
        }

        log.LogWarning("{Problem} Give the host a separate role (docs/operations.md).", problem);
    }

    private static string DescribeSuperuser(string name, string? role) =>
        $"The role {role} of ConnectionStrings:{name} is a superuser or a member of one, so nothing would protect the log. "
            + "Production needs an ordinary role (docs/operations.md).";

    private static async Task<bool> IsTrueAsync(NpgsqlConnection connection, string sql) =>
        await connection.ScalarAsync<bool?>(sql, [], default) is true;
}
