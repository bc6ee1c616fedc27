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
        var store = host.Services.GetRequiredService<IDocumentStore>();
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        await host.SetupResources();
        await using var connection = await host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        foreach (var sql in PlatformModule.Sql.Concat(AccountsModule.Sql))
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
