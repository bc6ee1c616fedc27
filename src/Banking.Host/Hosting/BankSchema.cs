using Banking.EventStore.Storage;
using Banking.Host.Database;
using Banking.Host.Security;
using Banking.ReadModels.Books;
using JasperFx;
using Npgsql;
using Weasel.Core;
using Weasel.Core.Migrations;

namespace Banking.Host.Hosting;

/// <summary>
/// Brings the schema to the version that this bank needs, before any other part of the host starts. With the owner's connection string a
/// schema that is not current is migrated over a separate connection; without it the schema must be current. A current one is left alone:
/// a migration locks tables that running hosts use, and would wait for them or deadlock with them. The host's role owns the tables of read
/// models and creates them over its own connection. Neither Marten nor Wolverine creates objects by itself.
/// </summary>
internal sealed class BankSchema(IServiceProvider services) : IHostedService
{
    /// <summary>Key of the advisory lock that lets one host at a time migrate.</summary>
    private const long MigrationLock = 0x62616e6b;

    private Task? _prepared;

    public Task StartAsync(CancellationToken cancellationToken) => EnsurePreparedAsync();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Prepares the schema once. Later calls wait for the first.</summary>
    public Task EnsurePreparedAsync() => _prepared ??= PrepareAsync(services);

    /// <param name="isMigration">
    /// Whether this is the command <c>migrate</c>: it compares every object even if the schema is current, and needs no key ring.
    /// </param>
    public static async Task PrepareAsync(IServiceProvider services, bool isMigration = false)
    {
        var parts = SchemaPart.CreateAll(services);
        await using var connection = services.GetRequiredService<NpgsqlDataSource>().CreateConnection();
        await OwnerConnection.OpenAsync(connection, BankDatabase.Name);
        var role = await connection.ScalarAsync<string>("select current_user::text", [], default);
        // Offline commands register no checks: they have no environment and serve no callers.
        var checks = services.GetService<DatabaseChecks>();
        await (checks?.CheckServerAsync(connection, role) ?? Task.CompletedTask);
        await RunLockedAsync(connection, () => ExplainRefusalsAsync(BankDatabase.Name, async () =>
            {
                var missing = await FindMissingAsync(connection, parts, role, services.GetServices<ReadModel>());
                if (services.GetRequiredService<BankConnections>().Owner is { } owner && !string.IsNullOrWhiteSpace(owner))
                {
                    await using var migrating = await OwnerConnection.OpenAsync(owner, connection);
                    await (checks?.CheckOwnerAsync(migrating) ?? Task.CompletedTask);
                    await ExplainRefusalsAsync(BankDatabase.OwnerName, async () =>
                    {
                        foreach (var part in isMigration || missing is not null ? parts : [])
                        {
                            await MigrateAsync(migrating, part);
                        }

                        await SchemaGrants.GrantAsync(migrating, role, services.GetServices<ReadModel>());
                    });
                    LogMigration(services, isMigration ? null : missing);
                }
                else if (missing is not null)
                {
                    throw new ConfigurationException(
                        $"{missing} To migrate the schema, set ConnectionStrings:owner to the role that owns the tables, "
                            + "once or for each start.");
                }

                await (checks?.CheckLogAsync(connection, role) ?? Task.CompletedTask);
                await services.GetRequiredService<ReadModelSchema>().PrepareAsync(connection);
                await (isMigration ? Task.CompletedTask : FirstKey.EnsureAsync(services));
                // Only hosts register checks. A command makes the key of texts when it stores one.
                await (isMigration || checks is null ? Task.CompletedTask : FirstTextKey.EnsureAsync(services));
            }));
    }

    /// <summary>Only a host has a log that is read later: commands say themselves what they did.</summary>
    /// <param name="missing">Why the schema was migrated; null if it was current.</param>
    private static void LogMigration(IServiceProvider services, string? missing)
    {
        if (missing is not null && services.GetService<DatabaseChecks>() is not null)
        {
            services.GetRequiredService<ILogger<BankSchema>>().LogInformation("The schema was migrated. {Reason}", missing);
        }
    }

    /// <summary>Turns a refusal by the database, mostly a missing right, into a message with the remedy.</summary>
    /// <param name="name">The name of the connection string of the refused role.</param>
    private static async Task ExplainRefusalsAsync(string name, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception failure) when (FindRefusal(failure) is { } refusal)
        {
            throw new ConfigurationException(
                $"The role of ConnectionStrings:{name} cannot migrate the schema: {refusal.MessageText} ({refusal.SqlState}). "
                    + "roles.sql grants both roles their rights (docs/operations.md).");
        }
    }

    private static PostgresException? FindRefusal(Exception? failure) =>
        failure is null ? null : failure as PostgresException ?? FindRefusal(failure.InnerException);

    private static async Task MigrateAsync(NpgsqlConnection connection, SchemaPart part)
    {
        var migration = await SchemaMigration.DetermineAsync(connection, CancellationToken.None, [.. part.Objects]);
        if (migration.Difference != SchemaPatchDifference.None)
        {
            await part.Database.Migrator.ApplyAllAsync(connection, migration, AutoCreate.CreateOrUpdate, FailingLogger.Instance);
        }

        foreach (var sql in part.Sql.Prepend(SchemaPart.CreateTable))
        {
            await ExecuteAsync(connection, sql);
        }

        await part.SaveAsync(connection);
    }

    /// <summary>Finds the reason why a host without the owner's connection string cannot start, or null.</summary>
    private static async Task<string?> FindMissingAsync(
        NpgsqlConnection connection, IReadOnlyList<SchemaPart> parts, string role, IEnumerable<ReadModel> models)
    {
        foreach (var part in parts)
        {
            if (!await part.IsCurrentAsync(connection))
            {
                return "The schema of the database is missing, cannot be read, or belongs to another version of the bank.";
            }
        }

        return await SchemaGrants.FindMissingAsync(connection, [.. parts.SelectMany(p => p.Tables)], models) is { } right
            ? $"The role {role} may not {right}. If the owner cannot grant that right, run roles.sql (docs/operations.md)."
            : null;
    }

    private static async Task RunLockedAsync(NpgsqlConnection connection, Func<Task> work)
    {
        await ExecuteAsync(connection, $"select pg_advisory_lock({MigrationLock})");
        try
        {
            await work();
        }
        finally
        {
            await ExecuteAsync(connection, $"select pg_advisory_unlock({MigrationLock})");
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql) =>
        await connection.ExecuteAsync(sql, [], default, timeoutSeconds: 600);

    private sealed class FailingLogger : IMigrationLogger
    {
        public static readonly FailingLogger Instance = new();

        public void SchemaChange(string sql)
        {
        }

        // A host must not serve with a half-migrated schema.
        public void OnFailure(System.Data.Common.DbCommand command, Exception ex) =>
            throw new InvalidOperationException("The schema could not be migrated.", ex);
    }
}
