using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.Platform.Commands;
using Banking.Platform.EventSourcing;
using Banking.Platform.Http;
using JasperFx;
using JasperFx.Events;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Weasel.Core;

namespace Banking.Platform;

/// <summary>The front door of the platform: one store for the money, and the way of commands.</summary>
public static class PlatformModule
{
    /// <summary>The schema of the event store.</summary>
    public const string EventSchema = "bank";

    /// <summary>The schema of receipts and refusals.</summary>
    public const string Schema = "platform";

    /// <summary>
    /// The log answers for an event by its id, and stores no id twice. Marten's own index of that kind does not go with partitions;
    /// theirs are told apart by is_archived, so this one is too.
    /// </summary>
    private const string EventIdIndex = "idx_bank_events_id";

    /// <summary>SQL objects that are not documents. Idempotent.</summary>
    public static IReadOnlyList<string> Sql { get; } =
        [$"create unique index if not exists {EventIdIndex} on {EventSchema}.mt_events (id, is_archived)", ReceiptTable.TakeOverDocuments];

    public static IServiceCollection AddPlatform(this IServiceCollection services) => services
        .AddSingleton<InFlightKeys>()
        .AddSingleton<CommandDoors>()
        .AddSingleton<BatchDoor>()
        .AddSingleton<StreamDirectory>()
        .AddSingleton<HistoryImport>();

    /// <summary>One group of commands per kind of state.</summary>
    public static IServiceCollection AddCommandGroup<TState>(this IServiceCollection services, GroupRules<TState> rules)
        where TState : class, IEventSourced<TState> => services
        .AddSingleton(rules)
        .AddSingleton<GroupTransaction<TState>>()
        .AddSingleton<CommandGroup<TState>>()
        .AddHostedService(p => p.GetRequiredService<CommandGroup<TState>>());

    /// <summary>How events are stored, decided before the first one is (docs/decisions/0003).</summary>
    public static void AddPlatform(this StoreOptions store, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.DatabaseSchemaName = Schema;
        store.Events.DatabaseSchemaName = EventSchema;
        store.CommandTimeout = 30;
        store.AutoCreateSchemaObjects = AutoCreate.None;
        store.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase, json =>
        {
            // Before Marten's own: enum members are stored under names that a rename in C# must not reach unnoticed.
            json.Converters.Insert(0, new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
            json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            // jsonb keeps the letters anyway; escaping them would only make the log harder to read.
            json.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });

        // Marten would repeat a failed save within our transaction, which is aborted by then: the group repeats the whole instead.
        store.ConfigureWritePolly(_ => { });

        store.Events.StreamIdentity = StreamIdentity.AsGuid;
        store.Events.AppendMode = EventAppendMode.QuickWithServerTimestamps;
        store.Events.TimeProvider = clock;
        store.Events.UseArchivedStreamPartitioning = true;
        store.Events.UseMandatoryStreamTypeDeclaration = true;
        store.Events.UseExclusiveLockOnConcurrentAppends = true;
        store.Events.EnableExtendedProgressionTracking = true;
        store.Events.AutoDiscoverTagTypes = false;
        store.Events.MetadataConfig.CorrelationIdEnabled = true;
        store.Events.MetadataConfig.CausationIdEnabled = true;
        store.Events.MetadataConfig.HeadersEnabled = true;
        store.Events.MetadataConfig.UserNameEnabled = true;
        store.Events.IgnoreIndex(EventIdIndex);

        // A read model that skips what it cannot read is a wrong read model: it stops and says so instead.
        store.Projections.Errors.SkipApplyErrors = false;
        store.Projections.Errors.SkipSerializationErrors = false;
        store.Projections.Errors.SkipUnknownEvents = false;

        store.Storage.ExtendedSchemaObjects.Add(new ReceiptTable());
        store.Schema.For<RecordedRefusal>().DatabaseSchemaName(Schema).DocumentAlias("refusal").Index(r => r.StreamId);
    }
}
