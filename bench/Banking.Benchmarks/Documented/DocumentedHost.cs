using JasperFx;
using JasperFx.Core;
using JasperFx.Events.Projections;
using Marten;
using Wolverine;
using Wolverine.Configuration;
using Wolverine.ErrorHandling;
using Wolverine.Http;
using Wolverine.Marten;

namespace Banking.Benchmarks.Documented;

/// <summary>
/// The references: a transfer the ways the stack's documentation shows. No receipts, no refusals kept, no who and why: what these cost is
/// the least that such a bank would.
/// <list type="bullet">
/// <item><c>documented</c>: one command, one session, one transaction, optimistic, inline snapshot; a conflict is answered 409.</item>
/// <item><c>partitioned-queues</c>: the same transaction, run by queues that never run two commands of one payer at once.</item>
/// <item><c>dcb</c>: one event tagged with both accounts, guarded by a dynamic consistency boundary; a conflict is answered 409.</item>
/// </list>
/// </summary>
internal static class DocumentedHost
{
    public static async Task<int> RunAsync(string mode, string connectionString, string address)
    {
        var builder = WebApplication.CreateBuilder();

        // Conflicts are counted by who gets the answers; to log each with its stack would cost more than the transfer.
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.WebHost.UseUrls(address);
        builder.Services.AddMarten(store =>
        {
            store.Connection(connectionString);
            store.DatabaseSchemaName = "documented";
            store.Events.DatabaseSchemaName = "documented";
            if (mode == "dcb")
            {
                TagAccounts(store);
            }
            else
            {
                store.Projections.Snapshot<Wallet>(SnapshotLifecycle.Inline);
                store.Schema.For<Wallet>().Identity(w => w.Id);
            }
        }).UseLightweightSessions().IntegrateWithWolverine(m => m.MessageStorageSchemaName = "documented_messages");
        builder.Host.UseWolverine(wolverine =>
        {
            wolverine.ApplicationAssembly = typeof(DocumentedHost).Assembly;
            wolverine.Durability.Mode = DurabilityMode.Solo;
            wolverine.Policies.AutoApplyTransactions();
            if (mode == "partitioned-queues")
            {
                PartitionByPayer(wolverine);
            }
        });
        builder.Services.AddWolverineHttp();
        var app = builder.Build();
        app.MapWolverineEndpoints(http => http.MapConcurrencyFailuresToConflict());
        await app.Services.GetRequiredService<IDocumentStore>().Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        await app.RunAsync();
        return 0;
    }

    private static void PartitionByPayer(WolverineOptions wolverine)
    {
        wolverine.MessagePartitioning
            .ByMessage<WalletTransfer>(t => t.From.ToString())
            .PublishToPartitionedLocalMessaging(PartitionedTransfers.Queue, PartitionedTransfers.Queues, topology =>
            {
                topology.Message<WalletTransfer>();
                topology.MaxDegreeOfParallelism = PartitionSlots.Five;

                // In memory: the caller waits, and one who got no answer repeats. A durable inbox would cost two more writes per command.
                topology.ConfigureQueues(queue => queue.BufferedInMemory());
            });

        // A queue keeps payers apart, not payees: whoever pays the same payee at the same time still conflicts.
        wolverine.Policies.OnException<ConcurrencyException>()
            .RetryWithCooldown(20.Milliseconds(), 60.Milliseconds(), 150.Milliseconds(), 400.Milliseconds()).WithFullJitter();
    }

    private static void TagAccounts(StoreOptions store)
    {
        store.Events.AddEventType<AccountFunded>();
        store.Events.AddEventType<MoneyMoved>();
        store.Events.RegisterTagType<AccountTag>("account").ForAggregate<TransferBoundary>();

        // The second tag of a type is written by a look-up of the event's id, which is a scan of all events without this index.
        store.Events.EnableUniqueIndexOnEventId = true;
    }
}
