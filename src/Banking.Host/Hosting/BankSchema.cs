using Banking.Accounts;
using Banking.Platform;
using JasperFx;
using Marten;
using Npgsql;
using Weasel.Core;
using Weasel.Core.Migrations;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;
using Wolverine.Runtime;

namespace Banking.Host.Hosting;

/// <summary>
/// Brings the database to what this version of the bank needs, before anything is served. Nothing else changes the schema: the stores
/// themselves are told to create nothing.
/// </summary>
public static class BankSchema
{
    /// <summary>One host at a time: the number means nothing but "the schema of a bank".</summary>
    private const long MigrationLock = 0x62616e6b;

    public static async Task PrepareAsync(this IHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        await host.Services.PrepareLedgerAsync();
        await host.Services.GetRequiredService<IWolverineRuntime>().Storage.Admin.MigrateAsync();
    }

    /// <summary>The ledger alone, without the message storage.</summary>
    internal static async Task PrepareLedgerAsync(this IServiceProvider services)
    {
        var database = services.GetRequiredService<IDocumentStore>().Storage.Database;
        await using var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await ExecuteAsync(connection, $"select pg_advisory_lock({MigrationLock})");
        try
        {
            var migrator = (PostgresqlMigrator)database.Migrator;
            var migration = await SchemaMigration.DetermineAsync(connection, CancellationToken.None, [.. database.AllObjects().Select(Ours)]);
            if (migration.Difference != SchemaPatchDifference.None)
            {
                await migrator.ApplyAllAsync(connection, migration, AutoCreate.CreateOrUpdate, NullMigrationLogger.Instance);
            }

            foreach (var sql in PlatformModule.Sql.Concat(AccountsModule.Sql))
            {
                await ExecuteAsync(connection, sql);
            }
        }
        finally
        {
            await ExecuteAsync(connection, $"select pg_advisory_unlock({MigrationLock})");
        }
    }

    /// <summary>
    /// Marten's tables as they are, but for one foreign key: from events to streams. On partitioned tables it takes two thirds of the time
    /// of an insert, and it cascades: deleting a stream's row would delete its events. The append writes both, or neither.
    /// </summary>
    private static ISchemaObject Ours(ISchemaObject schemaObject)
    {
        if (schemaObject is Table { Identifier.Name: "mt_events" } events)
        {
            events.ForeignKeys.Clear();
        }

        return schemaObject;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync();
    }

    private sealed class NullMigrationLogger : IMigrationLogger
    {
        public static readonly NullMigrationLogger Instance = new();

        public void SchemaChange(string sql)
        {
        }

        // Thrown on: a schema that is not what it should be is no reason to serve.
        public void OnFailure(System.Data.Common.DbCommand command, Exception ex) =>
            throw new InvalidOperationException("The schema could not be brought up to date.", ex);
    }
}
