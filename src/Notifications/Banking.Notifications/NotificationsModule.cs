using Banking.Commands;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Published;
using Banking.EventStore.Streams;
using Banking.Notifications.Domain;
using Banking.Notifications.Features;
using Banking.Notifications.Reactions;
using Banking.Notifications.ReadModels;
using Banking.ReadModels;
using Banking.ReadModels.Comparing;
using Banking.Web;
using Banking.Web.Http;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Notifications;

/// <summary>Registers the module with the host: subscriptions and notifications.</summary>
public sealed class NotificationsModule : BankModule
{
    /// <summary>The database schema of the module.</summary>
    public const string Schema = "notifications";

    private const string Cancelled = "notifications.subscription-cancelled.v1";

    private static readonly GroupRules<Subscription> Rules = new((_, _) => [], _ => null);

    public override IReadOnlyList<ProblemType> Problems => SubscriptionProblems.All;

    public override IReadOnlyList<(string Name, string Description)> Tags { get; } =
    [
        ("Notifications", "Subscriptions to accounts, and the notifications that they gave."),
    ];

    public override IReadOnlyList<(string Path, string Description)> PathParameters { get; } =
    [
        ("/v1/notification-subscriptions/{subscription}", "The id of the subscription, sub_…."),
    ];

    /// <summary>Creates the SQL objects of the module that are not documents. Idempotent.</summary>
    public override IReadOnlyList<string> Sql { get; } =
        [NotificationTable.Create, StreamIndex.Sql(Subscription.StreamType), SubscriptionFinder.Sql];

    public override void AddStored(IServiceCollection services) => services
        .AddAggregate(Rules)
        .AddSingleton(new StreamKind(Subscription.StreamType, [SubscriptionMade.Name, Cancelled], HasReceipts: true))
        .AddSingleton(new PublicStream(Subscription.StreamType, Subscription.Prefix))
        .AddSingleton(PublicIds.Of("notifications.", ("account", "acc"), ("customer", "cus")))
        .AddSingleton<AnswerRule>(SubscriptionCommands.Answers)
        .AddSingleton<StoredComparison, NotificationComparison>();

    public override void AddServed(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<SubscriptionCommands>()
        .AddSingleton<IStreamAccess, SubscriptionAccess>()
        .AddCurrentView<Subscription>((_, subscription) => SubscriptionView.Of(subscription))
        .AddSingleton<SubscriptionFinder>()
        .AddSingleton<IModuleInterest>(p => p.GetRequiredService<SubscriptionFinder>());

    public override void Configure(StoreOptions store)
    {
        store.Events.MapEventType<SubscriptionMade>(SubscriptionMade.Name);
        store.Events.MapEventType<SubscriptionCancelled>(Cancelled);
        store.Events.IgnoreIndex(StreamIndex.NameOf(Subscription.StreamType));
        store.Events.IgnoreIndex(SubscriptionFinder.AccountIndex);
        store.Projections.Add<SubscriptionProjection>(ProjectionLifecycle.Inline);
        store.Schema.For<Subscription>().DatabaseSchemaName(Schema).DocumentAlias("subscription").Index(s => s.Account);
    }
}
