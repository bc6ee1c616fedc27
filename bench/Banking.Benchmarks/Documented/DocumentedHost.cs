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
/// The references: a transfer as the stack's documentation shows it. They store no receipts, refusals, actors or reasons, so their cost is
/// a lower bound for such a bank.
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

        // The load generator counts conflicts. Logging each with its stack trace would cost more than the transfer.
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

                // In memory, because the caller waits and repeats a command without an answer. A durable inbox would need two more writes
                // per command.
                topology.ConfigureQueues(queue => queue.BufferedInMemory());
            });

        // Queues separate payers, not payees. Concurrent transfers to the same payee still conflict.
        wolverine.Policies.OnException<ConcurrencyException>()
            .RetryWithCooldown(20.Milliseconds(), 60.Milliseconds(), 150.Milliseconds(), 400.Milliseconds()).WithFullJitter();
    }

    private static void TagAccounts(StoreOptions store)
    {
        store.Events.AddEventType<AccountFunded>();
        store.Events.AddEventType<MoneyMoved>();
        store.Events.RegisterTagType<AccountTag>("account").ForAggregate<TransferBoundary>();

        // Marten finds the event by its id to write the second tag of a type. Without this index it scans all events.
        store.Events.EnableUniqueIndexOnEventId = true;
    }
}
