using Banking.Accounts;
using Banking.Platform;
using JasperFx.Resources;
using Marten;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>Brings the database to what this version of the bank needs, before anything is served.</summary>
public static class BankSchema
{
    public static async Task PrepareAsync(this IHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        await host.Services.PrepareLedgerAsync();
        await host.SetupResources();
    }

    /// <summary>The ledger alone, without the message storage.</summary>
    internal static async Task PrepareLedgerAsync(this IServiceProvider services)
    {
        await services.GetRequiredService<IDocumentStore>().Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        await using var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        foreach (var sql in PlatformModule.Sql.Concat(AccountsModule.Sql))
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
