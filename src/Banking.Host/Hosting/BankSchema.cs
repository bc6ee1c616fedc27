using Banking.Accounts;
using Banking.Notifications;
using Banking.Platform;
using Banking.Platform.ReadModels;
using Banking.Publishing;
using JasperFx;
using Marten;
using Npgsql;
using Weasel.Core;
using Weasel.Core.Migrations;
using Weasel.Postgresql.Tables;

namespace Banking.Host.Hosting;

/// <summary>
/// Brings the database to what this version of the bank needs, before anything else of the host starts. The store itself is told to
/// create nothing; the message storage, which is none of the ledger's business, is made by Wolverine when it starts.
/// </summary>
internal sealed class BankSchema(IServiceProvider services) : IHostedService
{
    /// <summary>One host at a time: the number means nothing but "the schema of a bank".</summary>
    private const long MigrationLock = 0x62616e6b;

    public Task StartAsync(CancellationToken cancellationToken) => PrepareAsync(services);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public static async Task PrepareAsync(IServiceProvider services)
    {
        var database = services.GetRequiredService<IDocumentStore>().Storage.Database;
        await using var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await ExecuteAsync(connection, $"select pg_advisory_lock({MigrationLock})");
        try
        {
            var migration = await SchemaMigration.DetermineAsync(connection, CancellationToken.None, [.. database.AllObjects().Select(Ours)]);
            if (migration.Difference != SchemaPatchDifference.None)
            {
                await database.Migrator.ApplyAllAsync(connection, migration, AutoCreate.CreateOrUpdate, FailingLogger.Instance);
            }

            foreach (var sql in PlatformModule.Sql.Concat(AccountsModule.Sql).Concat(PublishingModule.Sql).Concat(NotificationsModule.Sql))
            {
                await ExecuteAsync(connection, sql);
            }

            await services.GetRequiredService<ReadModelSchema>().PrepareAsync(connection);
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
