using System.Net;
using Banking.Commands;
using Banking.Commands.Groups;
using Banking.Commands.Periods;
using Banking.EventStore.Archive;
using Banking.EventStore.Epochs;
using Banking.EventStore.Log;
using Banking.EventStore.Published;
using Banking.EventStore.Streams;
using Banking.Publishing.Catalogue;
using Banking.Publishing.Epochs;
using Banking.Publishing.Feed;
using Banking.Publishing.Kafka;
using Banking.Publishing.Log;
using Banking.Publishing.Modules;
using Banking.Publishing.Outbox;
using Banking.Publishing.Publishers;
using Banking.Publishing.RabbitMq;
using Banking.Publishing.Webhooks;
using Banking.ReadModels;
using Banking.ReadModels.Comparing;
using Banking.Web;
using Banking.Web.Http;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Publishing;

/// <summary>Module registration of publication: delivers committed events to destinations outside the bank and to its modules.</summary>
public sealed class PublishingModule : BankModule
{
    /// <summary>The database schema of the module.</summary>
    public const string Schema = "publishing";

    /// <summary>The default name of the Kafka topic and of the RabbitMQ exchange.</summary>
    public const string DefaultName = "banking.events";

    /// <summary>The permanent stored names of the module's events.</summary>
    private static readonly (Type Type, string Name)[] EventNames =
    [
        (typeof(DestinationPaused), "publishing.destination-held.v1"),
        (typeof(DestinationReleased), "publishing.destination-released.v1"),
        (typeof(DestinationSet), DestinationSet.Name),
        (typeof(DeadLettersReplayed), "publishing.dead-letters-replayed.v1"),
        (typeof(DeadLetterDiscarded), DeadLetterDiscarded.Name),
        (typeof(LogRestored), "publishing.log-restored.v1"),
        (typeof(WebhookRegistered), WebhookRegistered.Name),
        (typeof(WebhookRedirected), "publishing.webhook-redirected.v1"),
        (typeof(WebhookSecretRotated), "publishing.webhook-secret-rotated.v1"),
        (typeof(WebhookSecretRetired), "publishing.webhook-secret-retired.v1"),
        (typeof(WebhookRemoved), WebhookRemoved.Name),
    ];

    public override IReadOnlyList<ProblemType> Problems => PublishingProblems.All;

    public override IReadOnlyList<(string Name, string Description)> Tags { get; } =
    [
        ("Publication", "Published events: the feed, and the contracts that they keep."),
        ("Webhooks", "Addresses to which the bank delivers events."),
    ];

    public override IReadOnlyList<(string Path, string Description)> PathParameters { get; } =
    [
        ("/contracts/{type}", "The type of a published event, or the name of a command."),
        ("/ops/outbox/{destination}", "The name of the destination, as GET /ops/outbox shows it."),
        ("/v1/webhooks/{webhook}", "The id of the webhook, whk_…."),
    ];

    public override IReadOnlyList<(string Name, Type Type)> Settings { get; } = [("Banking:Publishing:Source", typeof(string))];

    public override IReadOnlyList<(string Section, Type Record)> SettingSections { get; } =
    [
        ("Banking:Publishing:Kafka", typeof(KafkaSettings)),
        ("Banking:Publishing:RabbitMq", typeof(RabbitSettings)),
        ("Banking:Publishing:Webhooks", typeof(WebhookSettings)),
    ];

    public override IReadOnlyList<Action<IConfiguration>> SettingReaders { get; } =
    [
        c => KafkaSettings.Of(c.GetSection("Banking:Publishing:Kafka")),
        c => RabbitSettings.Of(c.GetSection("Banking:Publishing:RabbitMq")),
        c => WebhookSettings.Of(c.GetSection("Banking:Publishing")),
    ];

    /// <summary>The stored names of the module's events.</summary>
    internal static IEnumerable<string> StoredEventNames => EventNames.Select(e => e.Name);

    private static string[] NamesOf(string beginning) =>
        [.. StoredEventNames.Where(n => n.StartsWith("publishing." + beginning, StringComparison.Ordinal))];

    public override IReadOnlyList<string> Meters { get; } = [PublisherMetrics.MeterName];

    public override IReadOnlyList<string> Sql { get; } = [.. PublisherStore.Sql, StreamIndex.Sql(Webhook.StreamType), WebhookLimits.Sql];

    public override void AddServed(IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection("Banking:Publishing");
        if (configuration.FollowsLog())
        {
            services.AddHostedService<PublisherHost>();
        }

        services
            .AddSingleton(new PublicationSettings(section["Source"] ?? PublicEvent.DefaultSource))
            .AddSingleton(new ChannelNames(section["Kafka:Topic"] ?? DefaultName, section["RabbitMq:Exchange"] ?? DefaultName))
            .AddSingleton<ContractCatalogue>()
            .AddSingleton<PublisherStore>()
            .AddSingleton<PublisherTakeover>()
            .AddSingleton<IdleCheckpoints>()
            .AddSingleton<DestinationChanges>()
            .AddSingleton<PublisherServices>()
            .AddSingleton<PublisherControl>()
            .AddSingleton<BlockedAccounts>()
            .AddSingleton<PublisherSignals>()
            .AddSingleton<IEpochReaction, LogRestoredReaction>()
            .AddSingleton<PublisherMetrics>()
            .AddSingleton<IDestinationSource>(new KafkaSource(KafkaSettings.Of(section.GetSection("Kafka"))))
            .AddSingleton<IDestinationSource>(new RabbitSource(RabbitSettings.Of(section.GetSection("RabbitMq"))))
            .AddSingleton<OutboxView>()
            .AddSingleton<IPeriodCheck, PublishersCheck>()
            .AddSingleton<EventDeliveries>()
            .AddSingleton<OutboxCommands>()
            .AddSingleton(WebhookSettings.Of(section))
            .AddSingleton<AddressGuard.Resolver>(Dns.GetHostAddressesAsync)
            .AddSingleton<AddressGuard>()
            .AddSingleton<LogSubscriptions>()
            .AddHostedService(p => p.GetRequiredService<LogSubscriptions>())
            .AddSingleton<FeedStream>()
            .AddSingleton<WebhookClient>()
            .AddSingleton<WebhookSecrets>()
            .AddSingleton<WebhookSource>()
            .AddSingleton<IDestinationSource>(p => p.GetRequiredService<WebhookSource>())
            .AddSingleton<WebhookCommands>()
            .AddCurrentView<Webhook>((p, webhook) => WebhookView.Of(webhook, p.GetRequiredService<TimeProvider>().GetUtcNow()))
            .AddDueCommand<EndWebhookGrace>(EndWebhookGrace.Operation, (provider, command, context, ct) =>
                provider.GetRequiredService<WebhookCommands>().EndGraceAsync(command, context, ct))
            .AddSingleton<IDestinationSource, ModulesSource>()
            .AddHostedService<OutboxGauges>();
    }

    public override void AddStored(IServiceCollection services) => services
        .AddSingleton<PublicContracts>()
        .AddSingleton<PublicLog>()
        .AddSingleton<PublishedVersions>()
        .AddSingleton(new LogFollower("The publisher that is behind the others", $"select min(position) from {PublisherStore.Table}"))
        .AddSingleton<StoredComparison, EpochComparison>()
        .AddSingleton<StoredComparison, CheckpointComparison>()
        .AddSingleton<ICommitCheck<Webhook>, WebhookLimits>()
        .AddAggregate(new GroupRules<Webhook>((_, _) => [], _ => null))
        .AddSingleton(new StreamKind(Webhook.StreamType, NamesOf("webhook-"), HasReceipts: true))
        .AddSingleton(new PublicStream(Webhook.StreamType, Webhook.Prefix))
        // A dead letter may be about anything that has events.
        .AddSingleton(PublicIds.Of("publishing.", ("secret", "sec")) with { OfAnyStream = ["account"] })
        .AddSingleton(new StreamKind(PublisherControl.StreamType, [.. NamesOf("destination-"), .. NamesOf("dead-")], HasReceipts: false))
        .AddSingleton(new PublicStream(PublisherControl.StreamType, "dst"))
        .AddSingleton(new StreamKind(LogRestoredReaction.StreamType, NamesOf("log-"), HasReceipts: false))
        .AddSingleton(new PublicStream(LogRestoredReaction.StreamType, LogRestoredReaction.Prefix))
        .AddSingleton(LogRestoredReaction.Contract)
        .AddSingleton<AnswerRule>(WebhookAnswers.Rule)
        .AddSingleton<StoredComparison, SecretComparison>()
        .AddSingleton<StoredComparison, GraceComparison>();

    public override void AddHealth(IHealthChecksBuilder health, params IEnumerable<string> tags) =>
        health.AddCheck<PublicationHealth>("publication", tags: tags);

    /// <summary>
    /// Problems of start positions: a new destination that would start beyond the end of the log. Each problem is one sentence.
    /// </summary>
    public override async Task<IReadOnlyList<string>> StartProblemsAsync(IServiceProvider services, CancellationToken ct)
    {
        var problems = new List<string>();
        foreach (var configured in services.GetServices<IDestinationSource>().Where(s => s is KafkaSource or RabbitSource))
        {
            foreach (var spec in await configured.ListAsync(ct))
            {
                // A known destination continues from its checkpoint, whatever the setting.
                if (spec is { FromSetting: { } setting, From.Position: > 0 and var from }
                    && await services.GetRequiredService<PublisherStore>().FindAsync(spec.Name, ct) is null
                    && await services.GetRequiredService<LogEnd>().ReadAsync(ct) is var end && from > end)
                {
                    problems.Add(
                        $"{setting} is position {from}, but the log ends at {end}: events up to that position would never be published. "
                            + "Give a position of the log, beginning or now.");
                }
            }
        }

        return problems;
    }

    public override void Configure(StoreOptions store)
    {
        foreach (var (type, name) in EventNames)
        {
            store.Events.MapEventType(type, name);
        }

        store.Events.IgnoreIndex(StreamIndex.NameOf(Webhook.StreamType));
        store.Events.IgnoreIndex(WebhookLimits.CallerIndex);
        store.Projections.Add<WebhookProjection>(ProjectionLifecycle.Inline);
        store.Projections.Add<WebhookOverviews>(ProjectionLifecycle.Async);
        store.Schema.For<WebhookOverview>().DatabaseSchemaName(Schema).DocumentAlias("webhook_overview");
        store.Schema.For<Webhook>().DatabaseSchemaName(Schema).DocumentAlias("webhook").IgnoreIndex(WebhookLimits.ActiveIndex);
        // A separate schema, so that secrets can be excluded from backups and from the rights of readers.
        store.Schema.For<WebhookSecret>().DatabaseSchemaName(Schema + "_keys").DocumentAlias("webhook_secret");
    }

    public override void Configure(WolverineOptions wolverine)
    {
        ModuleMessages.Configure(wolverine);
    }

    /// <summary>Serves the public contracts of published events.</summary>
    public override void Map(IEndpointRouteBuilder routes)
    {
        ContractCatalogue.Map(routes);
    }
}
