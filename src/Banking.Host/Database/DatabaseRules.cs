using Banking.Host.Hosting;
using Banking.Platform;
using Npgsql;

namespace Banking.Host.Database;

/// <summary>
/// What a server and its roles must be, seen over the host's connection. Production refuses what Development is warned of.
/// </summary>
internal sealed class DatabaseRules(bool isDevelopment, IConfiguration configuration, ILogger<DatabaseRules> log)
{
    private const string Superuser = "exists (select from pg_roles r where r.rolsuper and pg_has_role(current_user, r.oid, 'MEMBER'))";

    private bool IsProduction => !isDevelopment;

    /// <summary>Before the schema is touched.</summary>
    public async Task CheckServerAsync(NpgsqlConnection connection, string role)
    {
        await ConnectionBudget.Of(configuration).CheckAsync(connection, log);
        if (!IsProduction)
        {
            return;
        }

        var wrong = new List<string>();
        foreach (var name in (string[])["fsync", "full_page_writes", "synchronous_commit"])
        {
            if (await ScalarAsync(connection, $"select current_setting('{name}') = 'off'"))
            {
                wrong.Add($"PostgreSQL has {name} off: money that was answered for could be lost. Production needs it on.");
            }
        }

        if (await ScalarAsync(connection, $"select {Superuser}"))
        {
            wrong.Add(SuperuserSentence("banking", role));
        }

        StartupRules.Refuse(wrong);
    }

    /// <summary>The role that migrates.</summary>
    public async Task CheckOwnerAsync(NpgsqlConnection owner)
    {
        if (IsProduction && await ScalarAsync(owner, $"select {Superuser}"))
        {
            StartupRules.Refuse([SuperuserSentence("owner", new NpgsqlConnectionStringBuilder(owner.ConnectionString).Username)]);
        }
    }

    /// <summary>Once the tables are there: whether the host's role could change what it must only add to.</summary>
    public async Task CheckLogAsync(NpgsqlConnection connection, string role)
    {
        if (IsProduction && await ScalarAsync(connection, $"select exists (select from {PlatformModule.MovedClockTable})"))
        {
            StartupRules.Refuse([
                "This database was served while the bank's clock was moved, so the times that it recorded are not true. Production serves only what was recorded by the machine's clock.",
            ]);
        }

        if (
            !await ScalarAsync(
                connection,
                $"select pg_has_role(current_user, (select relowner from pg_class where oid = '{PlatformModule.StreamTable}'::regclass), 'MEMBER')"
            ))
        {
            return;
        }

        var sentence =
            $"The role {role} of ConnectionStrings:banking owns the tables of the log, so the database does not keep this host from changing them.";
        if (IsProduction && !StartupRules.IsSet(configuration, StartupRules.OwnerAsHost))
        {
            StartupRules.Refuse([
                $"{sentence} Production needs a role of its own for the host (docs/operations.md), or {StartupRules.OwnerAsHost}=true.",
            ]);
        }

        log.LogWarning("{Sentence} Give the host a role of its own (docs/operations.md).", sentence);
    }

    private static string SuperuserSentence(string name, string? role) =>
        $"The role {role} of ConnectionStrings:{name} is a superuser, or a member of one: nothing would hold the log. Production needs an ordinary role (docs/operations.md).";

    private static async Task<bool> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is true;
    }
}
