using Banking.Commands.Decisions;
using Banking.Commands.Due;
using Banking.Commands.Groups;
using Banking.Commands.Imports;
using Banking.Commands.Messages;
using Banking.Commands.Operators;
using Banking.Commands.Periods;
using Banking.Commands.Receipts;
using Banking.EventStore.Epochs;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Banking.Commands;

/// <summary>Registration of commands: groups, receipts, refusals, messages and due commands.</summary>
public static class CommandsModule
{
    private const string RefusalAlias = "refusal";

    /// <summary>The table of refusals.</summary>
    public const string RefusalTable = SchemaNames.Platform + ".mt_doc_" + RefusalAlias;

    /// <summary>Stored name of the event for a refused command; permanent.</summary>
    internal const string RefusedEventName = "platform.command-refused.v1";

    /// <summary>Tables whose rows never change and are never deleted.</summary>
    public static IReadOnlyList<string> AppendOnlyTables { get; } = [ReceiptTable.Name, AnswerTable.Name, RefusalTable];

    /// <summary>Tables that only the owner writes, or a function of the owner.</summary>
    public static IReadOnlyList<string> ReadOnlyTables { get; } = [AnswerTable.DroppedTable];

    /// <summary>SQL objects that are not documents. Idempotent.</summary>
    public static IReadOnlyList<string> Sql { get; } = [ReceiptTable.MoveDocuments, AnswerTable.Sql];

    public static IServiceCollection AddCommands(this IServiceCollection services) => services
        .AddSingleton<CommandMetrics>()
        .AddSingleton<DueSignal>()
        .AddSingleton<FailedWork>()
        .AddSingleton<IEpochReaction, RestoredMessages>()
        .AddSingleton<EarlierReceipts>()
        .AddSingleton<StoredAnswers>()
        .AddSingleton<ReplayedAnswers>()
        .AddSingleton<RefusalReader>()
        .AddSingleton<IPeriodCheck, DueCommandsCheck>()
        .AddSingleton<HistoryImport>()
        .AddSingleton<HistoryComparison>()
        .AddSingleton<OperatorLog>();

    /// <summary>Makes this host decide due commands.</summary>
    public static IServiceCollection AddDueCommands(this IServiceCollection services) => services.AddHostedService<DueCommands>();

    /// <summary>Makes this host create the partitions of stored answers, and drop those that have expired.</summary>
    public static IServiceCollection AddAnswerKeeping(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(IdempotencySettings.Of(configuration))
        .AddSingleton<AnswerKeeping>()
        .AddHostedService(p => p.GetRequiredService<AnswerKeeping>());

    /// <summary>Registers the command group of a kind of state.</summary>
    public static IServiceCollection AddCommandGroup<TState>(this IServiceCollection services, GroupRules<TState> rules)
        where TState : class, IEventSourced<TState>
    {
        // Registered once, before the first group: hosted services stop in reverse order, so the outbox stops after the groups.
        services.TryAddSingleton<MessageOutbox>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, MessageOutbox>(p => p.GetRequiredService<MessageOutbox>()));
        return services
            .AddSingleton(rules)
            .AddSingleton<GroupTransaction<TState>>()
            .AddSingleton<JoinedKind<TState>>()
            .AddSingleton<CommandGroup<TState>>()
            .AddSingleton<StateReader<TState>>()
            .AddHostedService(p => p.GetRequiredService<CommandGroup<TState>>());
    }

    /// <summary>Answers repeats whose stored answers have expired with the state as it is now.</summary>
    public static IServiceCollection AddCurrentView<TState>(
        this IServiceCollection services, Func<IServiceProvider, TState, object> view)
        where TState : class, IEventSourced<TState> =>
        services.AddSingleton<ICurrentView>(p => new CurrentState<TState>(
            p.GetRequiredService<StateReader<TState>>(), state => view(p, state)));

    /// <summary>Registers the handler of a due command.</summary>
    /// <param name="operation">The stored operation of the due command.</param>
    public static IServiceCollection AddDueCommand<TCommand>(
        this IServiceCollection services,
        string operation,
        Func<IServiceProvider, TCommand, CommandContext, CancellationToken, Task<Outcome>> run)
        where TCommand : class =>
        services.AddSingleton<IDueHandler>(
            p => new DueHandler<TCommand>(operation, (command, context, ct) => run(p, command, context, ct)));

    /// <summary>Configures the storage of receipts, refusals and due commands.</summary>
    public static void AddCommands(this StoreOptions store)
    {
        store.Events.MapEventType<CommandRefused>(RefusedEventName);
        store.Storage.ExtendedSchemaObjects.Add(new ReceiptTable());
        store.Storage.ExtendedSchemaObjects.Add(new DueTable());
        store.Schema.For<RecordedRefusal>().DatabaseSchemaName(SchemaNames.Platform).DocumentAlias(RefusalAlias).Index(r => r.StreamId);
    }
}
