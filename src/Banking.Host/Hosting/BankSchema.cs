using Banking.Host.Database;
using Banking.Platform.ReadModels;
using JasperFx;
using Npgsql;
using Weasel.Core;
using Weasel.Core.Migrations;

namespace Banking.Host.Hosting;

/// <summary>
/// Brings the database to what this version of the bank needs, before anything else of the host starts. With the owner's connection string
/// the schema is migrated over a connection of its own, which is closed again; without it the schema must be current. The tables of read
/// models belong to the host's role and are made over its own connection. Neither Marten nor Wolverine creates anything by itself.
/// </summary>
internal sealed class BankSchema(IServiceProvider services) : IHostedService
{
    /// <summary>One host at a time: the number means nothing but "the schema of a bank".</summary>
    private const long MigrationLock = 0x62616e6b;

    private Task? _prepared;

    public Task StartAsync(CancellationToken cancellationToken) => PreparedAsync();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Prepares the schema once, however often it is called.</summary>
    public Task PreparedAsync() => _prepared ??= PrepareAsync(services);

    public static async Task PrepareAsync(IServiceProvider services)
    {
        var parts = SchemaPart.Of(services);
        await using var connection = services.GetRequiredService<NpgsqlDataSource>().CreateConnection();
        await OwnerConnection.OpenAsync(connection, BankDatabase.Name);
        var role = await ScalarAsync(connection, "select current_user::text");
        // Commands without a host have no environment, and nobody reaches them.
        var rules = services.GetService<DatabaseRules>();
        await (rules?.CheckServerAsync(connection, role) ?? Task.CompletedTask);
        await LockedAsync(connection, () => AllowedAsync(BankDatabase.Name, async () =>
            {
                if (services.GetRequiredService<BankConnections>().Owner is { } owner && !string.IsNullOrWhiteSpace(owner))
                {
                    await using var migrating = await OwnerConnection.OpenAsync(owner, connection);
                    await (rules?.CheckOwnerAsync(migrating) ?? Task.CompletedTask);
                    await AllowedAsync(BankDatabase.OwnerName, async () =>
                    {
                        foreach (var part in parts)
                        {
                            await MigrateAsync(migrating, part);
                        }

                        await SchemaGrants.GrantAsync(migrating, role, services.GetServices<ReadModel>());
                    });
                }
                else if (await MissingAsync(connection, parts, role, services.GetServices<ReadModel>()) is { } missing)
                {
                    throw new ConfigurationException(
                        $"{missing} Set ConnectionStrings:owner to the role that owns the tables, once or for each start, so that the schema is brought up to date."
                    );
                }

                await (rules?.CheckLogAsync(connection, role) ?? Task.CompletedTask);
                await services.GetRequiredService<ReadModelSchema>().PrepareAsync(connection);
            }));
    }

    /// <summary>What the database refuses is mostly a role that lacks a right: said in a sentence, with what gives it.</summary>
    /// <param name="name">The connection string whose role it is.</param>
    private static async Task AllowedAsync(string name, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception failure) when (Refusal(failure) is { } refusal)
        {
            throw new ConfigurationException(
                $"The schema could not be brought up to date as the role of ConnectionStrings:{name}: {refusal.MessageText} ({refusal.SqlState}). "
                    + "roles.sql gives both roles what they need (docs/operations.md).");
        }
    }

    private static PostgresException? Refusal(Exception? failure) =>
        failure is null ? null : failure as PostgresException ?? Refusal(failure.InnerException);

    private static async Task MigrateAsync(NpgsqlConnection connection, SchemaPart part)
    {
        var migration = await SchemaMigration.DetermineAsync(connection, CancellationToken.None, [.. part.Objects]);
        if (migration.Difference != SchemaPatchDifference.None)
        {
            await part.Database.Migrator.ApplyAllAsync(connection, migration, AutoCreate.CreateOrUpdate, FailingLogger.Instance);
        }

        foreach (var sql in part.Sql.Prepend(SchemaPart.Create))
        {
            await ExecuteAsync(connection, sql);
        }

        await part.SaveAsync(connection);
    }

    /// <summary>What keeps a host without the owner's connection string from starting, as a sentence; null where all is there.</summary>
    private static async Task<string?> MissingAsync(
        NpgsqlConnection connection, IReadOnlyList<SchemaPart> parts, string role, IEnumerable<ReadModel> models)
    {
        foreach (var part in parts)
        {
            if (!await part.IsCurrentAsync(connection))
            {
                return "The schema of the database is not the one that this version of the bank needs.";
            }
        }

        return await SchemaGrants.MissingAsync(connection, [.. parts.SelectMany(p => p.Tables)], models) is { } right
            ? $"The role {role} may not {right}. Where the owner may not give that right either, roles.sql does (docs/operations.md)."
            : null;
    }

    private static async Task LockedAsync(NpgsqlConnection connection, Func<Task> work)
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

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private sealed class FailingLogger : IMigrationLogger
    {
        public static readonly FailingLogger Instance = new();

        public void SchemaChange(string sql)
        {
        }

        // Thrown on: a schema that is not what it should be is no reason to serve.
        public void OnFailure(System.Data.Common.DbCommand command, Exception ex) =>
            throw new InvalidOperationException("The schema could not be brought up to date.", ex);
    }
}
