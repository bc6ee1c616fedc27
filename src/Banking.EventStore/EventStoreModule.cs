using Banking.EventStore.Archive;
using Banking.EventStore.Epochs;
using Banking.EventStore.Json;
using Banking.EventStore.Keys;
using Banking.EventStore.Log;
using Banking.EventStore.Published;
using Banking.EventStore.Sealing;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.EventStore.Versions;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Weasel.Core;

namespace Banking.EventStore;

/// <summary>Registration of the event store: one log for all streams, and its readers.</summary>
public static class EventStoreModule
{
    /// <summary>
    /// Makes event ids unique. Marten's own unique index does not support partitions; the table is partitioned by is_archived, so this
    /// index includes it.
    /// </summary>
    private const string EventIdIndex = "idx_bank_events_id";

    /// <summary>Has a row if the bank ever used this database with a clock other than the machine's.</summary>
    public const string MovedClockTable = MarkMovedClock.Table;

    /// <summary>Tables whose rows never change and are never deleted.</summary>
    public static IReadOnlyList<string> AppendOnlyTables { get; } =
        [SchemaNames.Events + ".mt_events", MarkMovedClock.Table, EpochTable.Name];

    /// <summary>Tables that only the owner writes.</summary>
    public static IReadOnlyList<string> ReadOnlyTables { get; } =
        [ArchiveManifest.FileTable, ArchiveManifest.PartTable, ArchiveManifest.DeletionTable];

    /// <summary>SQL objects that are not documents. Idempotent.</summary>
    public static IReadOnlyList<string> Sql { get; } =
    [
        $"create unique index if not exists {EventIdIndex} on {SchemaNames.Events}.mt_events (id, is_archived)",
        MarkMovedClock.Create,
        ArchiveManifest.Sql,
        EpochTable.Create,
        TextKeyTable.Create,
    ];

    public static IServiceCollection AddEventStore(this IServiceCollection services) => services
        .AddSingleton(new SystemClock(TimeProvider.System))
        .AddSingleton<StorageHealth>()
        .ConfigureMarten((provider, store) =>
            store.Listeners.Add(new ClockListener(provider.GetRequiredService<SystemClock>(), provider.GetRequiredService<TimeProvider>())))
        .AddSingleton<CheckedWrapping>()
        .AddSingleton<IStoredKeys, StoredTextKeys>()
        .AddSingleton<IRewrapping, TextKeyRewrapping>()
        .AddSingleton<TextKeys>()
        .AddSingleton<IEpochReaction>(services => services.GetRequiredService<TextKeys>())
        .AddSingleton<SealedTexts>()
        .AddSingleton<SealedMembers>()
        .AddSingleton(new ArchiveBlockCache(ArchiveBlockCache.DefaultMaxBytes))
        .AddSingleton<ArchivedEvents>()
        .AddSingleton<IEpochReaction>(services => services.GetRequiredService<ArchivedEvents>())
        .AddSingleton<EventVersions>()
        .AddSingleton<StreamDirectory>()
        .AddSingleton<OpenWriters>()
        .AddSingleton<StreamTimeline>()
        .AddSingleton(new EpochFolder(null))
        .AddSingleton<EpochMemory>()
        .AddSingleton<LogEpochs>()
        .AddSingleton<HighWaterMark>()
        .AddSingleton<LogEnd>()
        .AddSingleton<LogBlockers>()
        .AddSingleton<EventReader>()
        .AddSingleton<PublicEventData>()
        .AddSingleton<PublicStreams>()
        .AddSingleton<LogReader>()
        .AddSingleton<EventCache>();

    /// <summary>Configures the storage of events, fixed before the first one is stored (docs/decisions/0003).</summary>
    public static void AddEventStore(this StoreOptions store, TimeProvider clock, SealedTexts texts)
    {
        store.DatabaseSchemaName = SchemaNames.Platform;
        store.Events.DatabaseSchemaName = SchemaNames.Events;
        store.CommandTimeout = 30;
        store.AutoCreateSchemaObjects = AutoCreate.None;
        store.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase, json =>
        {
            StoredJson.Configure(json);
            json.Converters.Insert(0, new SealedValues(texts));
        });

        // Marten would retry a failed save within our transaction, which is aborted by then. The group retries the whole instead.
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

        // A read model must not skip what it cannot read: it stops and reports the event.
        store.Projections.Errors.SkipApplyErrors = false;
        store.Projections.Errors.SkipSerializationErrors = false;
        store.Projections.Errors.SkipUnknownEvents = false;

        // ProjectionHost runs Marten's daemon with the high-water mark of this host (HighWaterMark). A daemon that an operator starts by
        // hand has its own detector with the same rule: it passes a gap only when no transaction can fill it any more.
        store.Projections.AsyncMode = DaemonMode.ExternallyManaged;
        store.Projections.UseTransactionEvidenceForGapSkipping = true;
        store.Projections.SkipStaleGapsDespiteLiveTransactionsAfter = null;
    }
}
