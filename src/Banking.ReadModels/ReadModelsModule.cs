using Banking.Commands;
using Banking.Commands.Groups;
using Banking.Commands.Periods;
using Banking.Commands.Receipts;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Published;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.ReadModels.Archiving;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Documents;
using Banking.ReadModels.Lags;
using Banking.ReadModels.Rebuilding;
using Banking.ReadModels.Replaying;
using Banking.ReadModels.Verifying;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.ReadModels;

/// <summary>Registration of read models: tables, document projections, rebuilds and the comparisons with the log.</summary>
public static class ReadModelsModule
{
    /// <summary>The stored names of the events of read models. They never change.</summary>
    private static readonly (Type Type, string Name)[] EventNames =
    [
        (typeof(RebuildRequested), "platform.rebuild-requested.v1"),
        (typeof(RebuildFinished), "platform.rebuild-finished.v1"),
        (typeof(ReadModelPaused), "platform.read-model-paused.v1"),
        (typeof(ReadModelResumed), "platform.read-model-resumed.v1"),
        (typeof(DriftFound), "platform.drift-found.v1"),
    ];

    /// <summary>The stored names of the events of the event archive. They never change.</summary>
    private static readonly (Type Type, string Name)[] ArchiveEventNames =
    [
        (typeof(EventsArchived), "platform.events-archived.v1"),
        (typeof(ArchivedRowsChangeStarted), "platform.archived-rows-change-started.v1"),
        (typeof(ArchivedRowsRemoved), "platform.archived-rows-removed.v1"),
        (typeof(ArchivedRowsRestored), "platform.archived-rows-restored.v1"),
        (typeof(ArchiveChecked), "platform.archive-checked.v1"),
        (typeof(ArchiveHeld), "platform.archive-held.v1"),
        (typeof(ArchiveReleased), "platform.archive-released.v1"),
        (typeof(ArchiveDeleted), "platform.archive-deleted.v1"),
    ];

    /// <summary>The log is complete up to the position of each read model.</summary>
    public static CompletePosition CompletePosition { get; } = new($"select coalesce(max(position), 0) from {Generation.Table}");

    /// <summary>SQL objects that are not documents. Idempotent.</summary>
    public static IReadOnlyList<string> Sql { get; } = [ProjectionStates.Sql];

    /// <summary>The progress tables of read models, and the schemas of these read models.</summary>
    public static IEnumerable<string> SqlOf(IEnumerable<ReadModel> models) =>
        [Generation.Sql, CandidateDifferences.Sql, SentinelStatus.Sql, .. models.Select(m => $"create schema if not exists {m.Schema}")];

    /// <summary>Services that read, rebuild and compare read models. Commands such as verify need them too.</summary>
    public static IServiceCollection AddReadModels(this IServiceCollection services) => services
        .AddSingleton(CompletePosition)
        .AddSingleton(new LostStates(
            $"select (o ->> 'stream')::uuid from {SentinelStatus.Table} s, jsonb_array_elements(s.status -> 'open') o"))
        .AddSingleton<ReadModelLog>()
        .AddSingleton<DriftLog>()
        .AddSingleton<ReadModelSchema>()
        .AddSingleton<ReadModelWriter>()
        .AddSingleton<UnknownTypePauses>()
        .AddSingleton<Rebuild>()
        .AddSingleton<CandidateRequests>()
        .AddSingleton<CandidateSwitch>()
        .AddSingleton<CandidateEnd>()
        .AddSingleton<DocumentCandidates>()
        .AddSingleton<Trials>()
        .AddSingleton<CandidateDifferences>()
        .AddSingleton<DocumentModels>()
        .AddSingleton<ProjectionStates>()
        .AddSingleton<ProjectionRunners>()
        .AddSingleton<RebuildComparison>()
        .AddSingleton<Replay>()
        .AddSingleton<Repair>()
        .AddSingleton<RowRepair>()
        .AddSingleton<DocumentRepair>()
        .AddSingleton<StreamReplay>()
        .AddSingleton<StreamRepair>()
        .AddSingleton<Snapshots>()
        .AddSingleton<StreamVerification>()
        .AddSingleton<StreamSizes>()
        .AddSingleton<BankTotals>()
        .AddSingleton<Verification>()
        .AddSingleton(new StreamKind(ReadModelLog.StreamType, [.. EventNames.Select(e => e.Name)], HasReceipts: false))
        .AddSingleton(new StreamKind(CommandRefused.StreamType, [CommandsModule.RefusedEventName], HasReceipts: true))
        .AddSingleton(new PublicStream(ReadModelLog.StreamType, "mod"))
        .AddSingleton(new PublicStream(CommandRefused.StreamType, CommandRefused.Prefix))
        .AddSingleton(PublicIds.Of("platform.") with { OfAnyStream = ["subject", "stream"] })
        .AddSingleton<StoredComparison, StreamComparison>()
        .AddSingleton<StoredComparison, ReceiptComparison>()
        .AddSingleton<StoredComparison, RefusalComparison>()
        .AddSingleton<StoredComparison, DocumentComparison>()
        .AddSingleton<StoredComparison, JoinedComparison>()
        .AddEventArchive();

    /// <summary>Adds the archive of old events, and the followers that must have passed what leaves the log.</summary>
    private static IServiceCollection AddEventArchive(this IServiceCollection services) => services
        .AddSingleton(new StreamKind(ArchiveLog.StreamType, [.. ArchiveEventNames.Select(e => e.Name)], HasReceipts: false))
        .AddSingleton(new PublicStream(ArchiveLog.StreamType, "arc"))
        .AddSingleton(new LogFollower(
            "The read model that is behind the others",
            $"select min(position) from {Generation.Table} where state = '{GenerationState.Active}'"))
        .AddSingleton(p => new LogFollower(
            "The document projection that is behind the others", SlowestOf(p.GetRequiredService<DocumentModels>())))
        .AddSingleton<ArchiveLog>()
        .AddSingleton<ArchivePlan>()
        .AddSingleton<ArchiveWriting>()
        .AddSingleton<ArchiveRows>()
        .AddSingleton<ArchiveStates>()
        .AddSingleton<ArchiveChecks>()
        .AddSingleton<ArchiveRetention>()
        .AddSingleton<ArchiveHealth>();

    /// <summary>The progress of the projections that this version of the bank has; former versions have rows that never change.</summary>
    private static string SlowestOf(DocumentModels models) =>
        $"""
        select min(coalesce(p.last_seq_id, 0))
        from unnest(array[{string.Join(", ", models.All.Select(m => $"'{m.Shard.Identity}'"))}]::text[]) as m(shard)
        left join {SchemaNames.Events}.mt_event_progression p on p.name = m.shard
        """;

    /// <summary>Adds an aggregate: its command group, and the comparison of its stored states with the log.</summary>
    public static IServiceCollection AddAggregate<TState>(this IServiceCollection services, GroupRules<TState> rules)
        where TState : class, IEventSourced<TState> => services
        .AddCommandGroup(rules)
        .AddSingleton<StateComparison<TState>>()
        .AddSingleton<StateComparison>(p => p.GetRequiredService<StateComparison<TState>>())
        .AddSingleton<StoredComparison>(p => p.GetRequiredService<StateComparison<TState>>());

    /// <summary>Adds the background services of a host: log watcher, lag, sentinel.</summary>
    /// <param name="follows">Whether this host also writes the read models; otherwise other hosts do.</param>
    public static IServiceCollection AddServedReadModels(this IServiceCollection services, bool follows)
    {
        services
            .AddSingleton<LogWatcher>()
            .AddHostedService(p => p.GetRequiredService<LogWatcher>())
            .AddSingleton<ReadModelLag>()
            .AddSingleton<IPeriodCheck, ModelsCheck>()
            .AddSingleton<IPeriodCheck, CandidatesCheck>()
            .AddSingleton<IPeriodCheck, DifferencesCheck>()
            .AddHostedService(p => p.GetRequiredService<ReadModelLag>())
            .AddSingleton<VersionUpgrade>()
            .AddSingleton<RebuildRunner>()
            .AddSingleton<SentinelWatch>()
            .AddHostedService(p => p.GetRequiredService<SentinelWatch>())
            .AddSingleton<Sentinel>();
        return !follows ? services : services
            .AddHostedService<ReadModelFeed>()
            .AddHostedService<ProjectionHost>()
            .AddDueCommands()
            .AddHostedService(p => p.GetRequiredService<RebuildRunner>())
            .AddHostedService(p => p.GetRequiredService<Sentinel>());
    }

    /// <summary>Maps the events of read models.</summary>
    public static void AddReadModels(this StoreOptions store)
    {
        foreach (var (type, name) in EventNames.Concat(ArchiveEventNames))
        {
            store.Events.MapEventType(type, name);
        }
    }
    /// <summary>Completes the projections that include events by a type of another module's contracts. Call it after all modules.</summary>
    public static void CompleteReadModels(this StoreOptions store)
    {
        foreach (var projection in store.Projections.All.OfType<IIncludesContracts>())
        {
            projection.IncludeContracts(store);
        }
    }
}
