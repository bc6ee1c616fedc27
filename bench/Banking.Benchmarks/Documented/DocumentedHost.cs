using JasperFx.Events.Projections;
using Marten;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;

namespace Banking.Benchmarks.Documented;

/// <summary>
/// The reference: a transfer the way the stack's documentation shows it. One command, one session, one transaction, optimistic, inline
/// snapshot, streams fetched in the order of their ids, conflicts mapped to 409. No receipts, no refusals kept, no who and why.
/// </summary>
internal static class DocumentedHost
{
    public static async Task<int> RunAsync(string connectionString, string address)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseUrls(address);
        builder.Services.AddMarten(store =>
        {
            store.Connection(connectionString);
            store.DatabaseSchemaName = "documented";
            store.Events.DatabaseSchemaName = "documented";
            store.Projections.Snapshot<Wallet>(SnapshotLifecycle.Inline);
            store.Schema.For<Wallet>().Identity(w => w.Id);
        }).UseLightweightSessions().IntegrateWithWolverine(m => m.MessageStorageSchemaName = "documented_messages");
        builder.Host.UseWolverine(wolverine =>
        {
            wolverine.ApplicationAssembly = typeof(DocumentedHost).Assembly;
            wolverine.Durability.Mode = DurabilityMode.Solo;
            wolverine.Policies.AutoApplyTransactions();
        });
        builder.Services.AddWolverineHttp();
        var app = builder.Build();
        app.MapWolverineEndpoints(http => http.MapConcurrencyFailuresToConflict());
        await app.Services.GetRequiredService<IDocumentStore>().Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        await app.RunAsync();
        return 0;
    }
}
