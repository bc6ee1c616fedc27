using Banking.Commands;
using Banking.Commands.Groups;
using Banking.Commands.Imports;
using Banking.Customers.Contracts;
using Banking.Customers.Domain;
using Banking.Customers.Features;
using Banking.Customers.ReadModels;
using Banking.EventStore.Keys;
using Banking.EventStore.Published;
using Banking.ReadModels;
using Banking.ReadModels.Comparing;
using Banking.Web;
using Banking.Web.Commands;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Customers;

/// <summary>Registers the module with the host.</summary>
public sealed class CustomersModule : BankModule
{
    /// <summary>The database schema of the module.</summary>
    public const string Schema = "customers";

    private static readonly GroupRules<Customer> Rules =
        new((_, _) => [], _ => null);

    private const string Registered = "customers.customer-registered.v1";

    public override IReadOnlyList<(string Name, string Description)> Tags { get; } =
    [
        ("Customers", "Customers and their personal data."),
    ];

    public override IReadOnlyList<(string Path, string Description)> PathParameters { get; } =
    [
        ("/v1/customers/{customer}", "The id of the customer, cus_…."),
    ];

    public override IReadOnlyList<BusCommand> Commands { get; } = [BusCommand.Of(RegisterCustomerHandler.Shape)];

    public override void AddStored(IServiceCollection services) => services
        .AddAggregate(Rules)
        .AddSingleton(new StreamKind(Customer.StreamType, [Registered], HasReceipts: true))
        .AddSingleton(new PublicStream(Customer.StreamType, CustomerStreams.Prefix))
        .AddSingleton(ImportCustomers.Rule)
        .AddSingleton<AnswerRule>(CustomerRegistration.Answers)
        .AddSingleton<CustomerKeys>()
        .AddSingleton<IStoredKeys, StoredCustomerKeys>()
        .AddSingleton<StoredComparison, KeyComparison>();

    public override void AddServed(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<CustomerRegistration>()
        // Without personal data, as in the answer to the registration.
        .AddCurrentView<Customer>((_, customer) => CustomerView.Registered(customer))
        .AddSingleton<IRewrapping, KeyRewrapping>()
        .AddSingleton<KeyWatch>()
        .AddHostedService(p => p.GetRequiredService<KeyWatch>());

    public override void AddHealth(IHealthChecksBuilder health, params IEnumerable<string> tags)
    {
        health.AddCheck<KeyHealth>("keys", tags: tags);
    }

    public override void Configure(StoreOptions store)
    {
        store.Events.MapEventType<CustomerRegistered>(Registered);
        store.Projections.Add<CustomerProjection>(ProjectionLifecycle.Inline);
        // The index is on the state itself, unlike for accounts: a customer is written once, so it slows no later event down.
        store.Schema.For<Customer>().DatabaseSchemaName(Schema).DocumentAlias("customer").Index(c => c.ExternalId!);
        // Keys have a schema of their own, so that long-lived backups can leave it out: a restored key would undo an erasure.
        store.Schema.For<StoredKey>().DatabaseSchemaName(Schema + "_keys").DocumentAlias("customer_key").Index(k => k.WrappedBy!);
    }

    /// <summary>Imports customers of another bank.</summary>
    /// <param name="progress">Called with the number of events stored since the last call.</param>
    public static async Task<ImportResult> ImportAsync(
        HistoryImport import,
        CheckedWrapping wrapping,
        IDocumentStore store,
        string importName,
        IReadOnlyList<CustomerHistory> customers,
        TimeProvider clock,
        Action<int> progress,
        CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (keys, streams) = (new CustomerKeys(wrapping, store), new List<HistoryStream>());
        foreach (var customer in customers)
        {
            var (key, stored) = await keys.CreateAsync(customer.CustomerId, ct);
            streams.Add(ImportCustomers.ToStream(customer, key, stored, now));
        }

        return await import.RunAsync(importName, streams, Rules, progress, ct);
    }

    /// <summary>The first customer who differs from the one imported earlier under the same id; null if there is none.</summary>
    public static Task<HistoryDifference?> FirstDifferenceAsync(
        CheckedWrapping wrapping,
        IDocumentStore store,
        HistoryComparison comparison,
        IReadOnlyList<CustomerHistory> customers,
        TimeProvider clock,
        CancellationToken ct)
    {
        return CompareCustomers.FirstDifferenceAsync(new CustomerKeys(wrapping, store), comparison, customers, clock.GetUtcNow(), ct);
    }
}
