using Banking.Platform.Commands;
using Banking.Platform.Comparing;
using Banking.Platform.Due;
using Banking.Platform.EventSourcing;
using Banking.Platform.Following;
using Banking.Platform.Http;
using Banking.Platform.Messages;
using Banking.Platform.Projections;
using Banking.Platform.Publication;
using Banking.Platform.ReadModels;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Weasel.Core;

namespace Banking.Platform;

/// <summary>The front door of the platform: one store for the money, and the way of commands.</summary>
public static class PlatformModule
{
    /// <summary>The schema of the event store.</summary>
    public const string EventSchema = "bank";

    /// <summary>The schema of receipts and refusals.</summary>
    public const string Schema = "platform";

    /// <summary>Where refusals lie.</summary>
    internal const string RefusalTable = Schema + ".mt_doc_" + RefusalAlias;

    /// <summary>The table of streams: of its rows only version and timestamp change.</summary>
    public const string StreamTable = EventSchema + ".mt_streams";

    /// <summary>Has a row where the database was served while the bank's clock was not the machine's.</summary>
    public const string MovedClockTable = MarkMovedClock.Table;

    /// <summary>Tables whose rows never change and never go: the log itself, and what was answered.</summary>
    public static IReadOnlyList<string> AppendOnlyTables { get; } =
    [EventSchema + ".mt_events", ReceiptTable.Name, RefusalTable, MarkMovedClock.Table];

    private const string RefusalAlias = "refusal";

    /// <summary>
    /// The log answers for an event by its id, and stores no id twice. Marten's own index of that kind does not go with partitions;
    /// theirs are told apart by is_archived, so this one is too.
    /// </summary>
    private const string EventIdIndex = "idx_bank_events_id";

    /// <summary>The names under which what happens to read models is stored, for ever.</summary>
    private static readonly (Type Type, string Name)[] ReadModelEventNames =
    [
        (typeof(RebuildRequested), "platform.rebuild-requested.v1"),
        (typeof(RebuildFinished), "platform.rebuild-finished.v1"),
        (typeof(ReadModelPaused), "platform.read-model-paused.v1"),
        (typeof(ReadModelResumed), "platform.read-model-resumed.v1"),
        (typeof(DriftFound), "platform.drift-found.v1"),
    ];

    /// <summary>The name under which it is stored, for ever, that a command was refused.</summary>
    internal const string RefusedEventName = "platform.command-refused.v1";

    /// <summary>SQL objects that are not documents. Idempotent.</summary>
    public static IReadOnlyList<string> Sql { get; } =
    [
        $"create unique index if not exists {EventIdIndex} on {EventSchema}.mt_events (id, is_archived)",
        ReceiptTable.TakeOverDocuments,
        MarkMovedClock.Create,
        ProjectionStates.Sql,
        RequestKeyStore.Create,
    ];

    public static IServiceCollection AddPlatform(this IServiceCollection services) =>
        services
            .AddSingleton(new SystemClock(TimeProvider.System))
            .AddSingleton<StorageTrouble>()
            .ConfigureMarten(
                (provider, store) =>
                    store.Listeners.Add(
                        new ClockListener(provider.GetRequiredService<SystemClock>(), provider.GetRequiredService<TimeProvider>())))
            .AddSingleton<InFlightKeys>()
            .AddSingleton<RequestKeyStore>()
            .AddSingleton<RequestKeys>()
            .AddSingleton<CommandDoors>()
            .AddSingleton<BatchDoor>()
            .AddSingleton<DueSignal>()
            .AddSingleton<FormerReceipts>()
            .AddSingleton<StoredAnswers>()
            .AddSingleton<StreamDirectory>()
            .AddSingleton<StreamPast>()
            .AddSingleton<HistoryImport>()
            .AddSingleton<HistoryComparison>()
            .AddSingleton<LogMark>()
            .AddSingleton<LogEnd>()
            .AddSingleton<LogHolders>()
            .AddSingleton<EventReader>()
            .AddSingleton<LogReader>()
            .AddSingleton<LogTail>()
            .AddSingleton<OperatorJournal>()
            .AddSingleton<ReadModelJournal>()
            .AddSingleton<DriftJournal>()
            .AddSingleton<ReadModelSchema>()
            .AddSingleton<ReadModelWriter>()
            .AddSingleton<Rebuild>()
            .AddSingleton<DocumentModels>()
            .AddSingleton<ProjectionStates>()
            .AddSingleton<ProjectionRunners>()
            .AddSingleton<RebuildComparison>()
            .AddSingleton<Replay>()
            .AddSingleton<Repair>()
            .AddSingleton<Snapshots>()
            .AddSingleton<StreamVerification>()
            .AddSingleton<StreamSizes>()
            .AddSingleton<BankTotals>()
            .AddSingleton<Verification>()
            .AddSingleton(new StreamKind(ReadModelJournal.StreamType, [.. ReadModelEventNames.Select(e => e.Name)], HasReceipts: false))
            .AddSingleton(new StreamKind(CommandRefused.StreamType, [RefusedEventName], HasReceipts: true))
            .AddSingleton<StoredComparison, StreamComparison>()
            .AddSingleton<StoredComparison, ReceiptComparison>()
            .AddSingleton<StoredComparison, RefusalComparison>()
            .AddSingleton<StoredComparison, DocumentComparison>()
            .AddSingleton<PublicContracts>()
            .AddSingleton<PublicLog>();

    /// <summary>What a host knows of the log and of its read models.</summary>
    /// <param name="follows">Whether it also brings the log to them and looks after them, or leaves that to other hosts.</param>
    public static IServiceCollection AddReadModels(this IServiceCollection services, bool follows)
    {
        services
            .AddSingleton<MinPosition>()
            .AddSingleton<LogWatch>()
            .AddHostedService(p => p.GetRequiredService<LogWatch>())
            .AddSingleton<ReadModelLag>()
            .AddHostedService(p => p.GetRequiredService<ReadModelLag>())
            .AddSingleton<RebuildRunner>()
            .AddSingleton<SentinelWatch>()
            .AddHostedService(p => p.GetRequiredService<SentinelWatch>())
            .AddSingleton<Sentinel>();
        return !follows ? services : services
            .AddHostedService<ReadModelFeed>()
            .AddHostedService<ProjectionHost>()
            .AddHostedService<DueCommands>()
            .AddHostedService(p => p.GetRequiredService<RebuildRunner>())
            .AddHostedService(p => p.GetRequiredService<Sentinel>());
    }

    /// <summary>One group of commands per kind of state.</summary>
    public static IServiceCollection AddCommandGroup<TState>(this IServiceCollection services, GroupRules<TState> rules)
        where TState : class, IEventSourced<TState>
    {
        // Once for all groups, and before the first of them, so that it stops after them: hosted services stop in the opposite order.
        services.TryAddSingleton<MessageOutbox>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, MessageOutbox>(p => p.GetRequiredService<MessageOutbox>()));
        return services
            .AddSingleton(rules)
            .AddSingleton<GroupTransaction<TState>>()
            .AddSingleton<CommandGroup<TState>>()
            .AddSingleton<StateReader<TState>>()
            .AddSingleton<StateComparison<TState>>()
            .AddSingleton<StateComparison>(p => p.GetRequiredService<StateComparison<TState>>())
            .AddSingleton<StoredComparison>(p => p.GetRequiredService<StateComparison<TState>>())
            .AddHostedService(p => p.GetRequiredService<CommandGroup<TState>>());
    }

    /// <summary>What a module does when commands are due that its decisions asked for.</summary>
    /// <param name="operation">The name under which they wait; stored.</param>
    public static IServiceCollection AddDueCommand<TCommand>(
        this IServiceCollection services,
        string operation,
        Func<IServiceProvider, TCommand, CommandContext, CancellationToken, Task<Outcome>> run)
        where TCommand : class =>
        services.AddSingleton<IDueHandler>(p => new DueHandler<TCommand>(operation, (command, context, ct) =>
            run(p, command, context, ct)));

    /// <summary>How events are stored, decided before the first one is (docs/decisions/0003).</summary>
    public static void AddPlatform(this StoreOptions store, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.DatabaseSchemaName = Schema;
        store.Events.DatabaseSchemaName = EventSchema;
        store.CommandTimeout = 30;
        store.AutoCreateSchemaObjects = AutoCreate.None;
        store.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase, StoredJson.Configure);

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

        // ProjectionHost runs Marten's daemon, with the high-water mark that the host has found (LogMark). A daemon that an operator starts
        // by hand has a detector of its own, which gets the same rule: a gap is passed only when no transaction can fill it any more.
        store.Projections.AsyncMode = DaemonMode.ExternallyManaged;
        store.Projections.UseTransactionEvidenceForGapSkipping = true;
        store.Projections.SkipStaleGapsDespiteLiveTransactionsAfter = null;
        foreach (var (type, name) in ReadModelEventNames)
        {
            store.Events.MapEventType(type, name);
        }

        store.Events.MapEventType<CommandRefused>(RefusedEventName);

        store.Storage.ExtendedSchemaObjects.Add(new ReceiptTable());
        store.Storage.ExtendedSchemaObjects.Add(new DueTable());
        store.Schema.For<RecordedRefusal>().DatabaseSchemaName(Schema).DocumentAlias(RefusalAlias).Index(r => r.StreamId);
    }
}
