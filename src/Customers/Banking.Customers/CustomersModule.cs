using Banking.Customers.Contracts;
using Banking.Customers.Domain;
using Banking.Customers.Features;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Comparing;
using Banking.Platform.EventSourcing;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Customers;

/// <summary>The front door of the module: what the host needs to know of it.</summary>
public sealed class CustomersModule : BankModule
{
    /// <summary>The schema of its documents.</summary>
    public const string Schema = "customers";

    private static readonly GroupRules<Customer> Rules =
        new((_, _) => [], _ => null);

    private const string Registered = "customers.customer-registered.v1";

    public override void AddStored(IServiceCollection services) => services
        .AddCommandGroup(Rules)
        .AddSingleton(new StreamKind(Customer.StreamType, [Registered], HasReceipts: true))
        .AddSingleton(ImportCustomers.Rule)
        .AddSingleton<StoredComparison, KeyComparison>();

    public override void AddServed(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<CustomerDesk>();

    public override void Configure(StoreOptions store)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.Events.MapEventType<CustomerRegistered>(Registered);
        store.Projections.Add<CustomerProjection>(ProjectionLifecycle.Inline);
        // On the state itself, unlike with accounts: a customer is written once, so that no later event pays for it.
        store.Schema.For<Customer>().DatabaseSchemaName(Schema).DocumentAlias("customer").Index(c => c.ExternalId!);
        // A schema of its own, so that it can be left out of long-lived backups: a restored key would undo an erasure.
        store.Schema.For<CustomerKey>().DatabaseSchemaName(Schema + "_keys").DocumentAlias("customer_key");
    }

    public override void Configure(WolverineOptions wolverine)
    {
        ArgumentNullException.ThrowIfNull(wolverine);
        wolverine.RegisterMessageType(typeof(RegisterCustomer), RegisterCustomerHandler.Shape.Name);
    }

    /// <summary>Takes over customers of another bank.</summary>
    /// <param name="progress">Told how many events were stored, each time some were.</param>
    public static Task<ImportResult> ImportAsync(
        HistoryImport import,
        string importName,
        IReadOnlyList<CustomerHistory> customers,
        TimeProvider clock,
        Action<int> progress,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(import);
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.GetUtcNow();
        return import.RunAsync(importName, [.. customers.Select(c => ImportCustomers.Stream(c, now))], Rules, progress, ct);
    }

    /// <summary>The first customer who is not the one that was imported under the same id before, or null.</summary>
    public static Task<HistoryDifference?> FirstDifferenceAsync(
        IDocumentStore store,
        HistoryComparison comparison,
        IReadOnlyList<CustomerHistory> customers,
        TimeProvider clock,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return CompareCustomers.FirstDifferenceAsync(store, comparison, customers, clock.GetUtcNow(), ct);
    }
}
