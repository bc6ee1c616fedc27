using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Domain.Earlier;
using Banking.Accounts.Explaining;
using Banking.Accounts.Features;
using Banking.Accounts.Lookups;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Simulations;
using Banking.Accounts.Simulations.Reading;
using Banking.Accounts.Simulations.Running;
using Banking.Accounts.Statements;
using Banking.Accounts.Statements.Domain;
using Banking.Commands;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Imports;
using Banking.Commands.Periods;
using Banking.Commands.Receipts;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Published;
using Banking.EventStore.Sealing;
using Banking.ReadModels;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;
using Banking.Web;
using Banking.Web.Commands;
using Banking.Web.Http;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Wolverine;

namespace Banking.Accounts;

/// <summary>Registers the module with the host.</summary>
public sealed class AccountsModule : BankModule
{
    /// <summary>The database schema of the module.</summary>
    public const string Schema = "accounts";

    /// <summary>The code of the problem that another account has a number.</summary>
    internal const string NumberTaken = "account_number_taken";

    /// <summary>The setting for how many days back staff may date a booking.</summary>
    public const string BackdatingSetting = BackdatingRule.Setting;

    public override IReadOnlyList<ProblemType> Problems => [.. AccountProblems.All, .. StatementProblems.All, .. SimulationProblems.All];

    public override IReadOnlyList<(string Name, string Description)> Tags { get; } =
    [
        ("Accounts", "Accounts: their balance at any time, their entries and events, freezing and closing."),
        ("Statements", "Statements of an account for a period, which never change once issued."),
        ("Simulations", "What would have happened otherwise: the history of accounts replayed with a hypothesis. Answers last an hour."),
        ("Money", "Deposits, withdrawals and transfers, alone or in batches."),
    ];

    public override IReadOnlyList<(string Path, string Description)> PathParameters { get; } =
    [
        ("/v1/accounts/{account}", "The id or number of the account."),
        ("/v1/deposits/{deposit}", "The id of the deposit, dep_…."),
        ("/v1/withdrawals/{withdrawal}", "The id of the withdrawal, wdr_…."),
        ("/v1/transfers/{transfer}", "The id of the transfer, trf_…."),
        ("/v1/transactions/{transaction}", "The id of a deposit, withdrawal, transfer or correction."),
        ("/v1/refusals/{refusal}", "The id of the refusal, ref_…."),
        ("/v1/statements/{statement}", "The id of the statement, stm_…, with a suffix such as .csv for a form."),
        ("/v1/simulations/{simulation}", "The id of the simulation, sim_…."),
    ];

    public override IReadOnlyList<(string Name, Type Type)> Settings { get; } = [(BackdatingSetting, typeof(int))];

    public override IReadOnlyList<(string Section, Type Record)> SettingSections { get; } =
    [
        (SimulationSettings.Section, typeof(SimulationSettings)), (CorrectionSettings.Section, typeof(CorrectionSettings)),
        (CarryForwardPolicy.Section, typeof(CarryForwardPolicy)),
    ];

    public override IReadOnlyList<string> Sql { get; } =
        [AccountNumberSequence.Create, TransactionReader.Index, CarryingForward.Index, SimulationTable.Create];

    public override IReadOnlyList<BusCommand> Commands { get; } =
    [
        BusCommand.Of(OpenAccountHandler.Shape),
        BusCommand.Of(DepositMoneyHandler.Definition.Shape),
        BusCommand.Of(WithdrawMoneyHandler.Definition.Shape),
        BusCommand.Of(TransferMoneyHandler.Definition.Shape),
        BusCommand.Of(CorrectTransactionHandler.Shape),
        BusCommand.Of(FreezeAccountHandler.Definition.Shape),
        BusCommand.Of(UnfreezeAccountHandler.Definition.Shape),
        BusCommand.Of(ChangeOverdraftLimitHandler.Definition.Shape),
        BusCommand.Of(CloseAccountHandler.Definition.Shape),
    ];

    private static readonly GroupRules<Account> Rules = new(LookupDocuments, OnDuplicate) { ComparedAs = EntriesModel.ModelName };

    private static readonly GroupRules<AccountStatements> StatementRules = new((_, _) => [], _ => null);

    public override void AddStored(IServiceCollection services)
    {
        foreach (var contract in AccountContracts.All)
        {
            services.AddSingleton(contract);
        }

        foreach (var version in EarlierVersions.All)
        {
            services.AddSingleton(version);
        }

        services
            .AddSingleton(AccountEventIds.All)
            .AddSingleton(new SealedMember("counterparty"))
            .AddSingleton(new PublicStream(Account.StreamType, AccountId.Prefix))
            .AddAggregate(Rules)
            .AddSingleton<ReadModel, EntriesModel>()
            .AddAggregate(StatementRules)
            .AddSingleton(new BookingEvents([.. EventNames.All.Keys]))
            .AddSingleton(new StreamKind(Account.StreamType, [.. EventNames.All.Values], HasReceipts: true))
            .AddSingleton(new PublicStream(AccountStatements.StreamType, "sts"))
            .AddSingleton(new StreamKind(AccountStatements.StreamType, [.. StatementEventNames.All.Values], HasReceipts: true))
            .AddSingleton(MovementReceiptRule.Rule)
            .AddSingleton(CorrectionReceiptRule.Rule)
            .AddSingleton(StatementReceiptRule.Rule)
            .AddSingleton<AnswerRule>(AccountAnswers.Rule)
            .AddSingleton<AnswerRule>(StatementAnswers.Rule)
            .AddSingleton(ImportedIds.Rule)
            .AddSingleton(new ArchivableStream(
                Account.StreamType,
                [EventNames.All[typeof(AccountClosed)]],
                [EventNames.All[typeof(AccountCarriedForward)]],
                // Corrections are found by their data, and a simulation finds accounts by that of their opening.
                [.. new[] { typeof(AccountOpened), typeof(MovementReversed), typeof(MovementRebooked) }.Select(t => EventNames.All[t])]))
            .AddSingleton<StoredComparison, LookupComparison>()
            .AddSingleton<StoredComparison, TransferComparison>()
            .AddSingleton<StoredComparison, CounterpartyComparison>()
            .AddSingleton<StoredComparison, ScheduleComparison>()
            .AddSingleton<StoredComparison, StatementComparison>();
        AddStatementReader(services);
    }

    /// <summary>What renders statements, and compares them.</summary>
    private static void AddStatementReader(IServiceCollection services) => services
        .AddSingleton<AccountResolver>()
        .AddSingleton<AccountReader>()
        .AddSingleton<HistoricalBalances>()
        .AddSingleton<PeriodEntries>()
        .AddSingleton(new StatementLimits())
        .AddSingleton<StatementReader>();

    public override void AddServed(IServiceCollection services, IConfiguration configuration)
    {
        services
            .AddSingleton<IPeriodCheck, AccountsCheck>()
            .AddSingleton<IStreamAccess, AccountStreamAccess>()
            .AddSingleton<IStreamCurrency, AccountStreamCurrency>()
            .AddSingleton<MovementReader>()
            .AddSingleton<ICurrentView, CurrentAccountView>()
            .AddSingleton<HistoricalAccounts>()
            .AddSingleton<TransactionReader>()
            .AddSingleton<NewestRows>()
            .AddSingleton<EntryPages>()
            .AddSingleton<TransactionPages>()
            .AddSingleton<TransactionQuery>()
            .AddSingleton<EventViews>()
            .AddSingleton<MomentReader>()
            .AddSingleton<EffectiveEvents>()
            .AddSingleton<NewestEvents>()
            .AddSingleton<AccountChanges>()
            .AddSingleton<MonthSums>()
            .AddSingleton<BalanceExplanation>()
            .AddSingleton<BalanceMistakes>()
            .AddSingleton<MissingBookings>()
            .AddSingleton<MovementInterest>()
            .AddSingleton<IModuleInterest>(p => p.GetRequiredService<MovementInterest>())
            .AddSingleton<AccountFigures>()
            .AddSingleton<BankFigures>()
            .AddSingleton<DayTotals>()
            .AddSingleton(BackdatingRule.Of(configuration))
            .AddSingleton(CorrectionApprovalRule.Of(configuration))
            .AddSingleton<AccountTimelineSource>()
            .AddSingleton<ITimelineSource<Account>>(p => p.GetRequiredService<AccountTimelineSource>())
            .AddSingleton<AccountCommands>()
            .AddSingleton<Corrections>()
            .AddSingleton<IProposable>(p => p.GetRequiredService<Corrections>())
            .AddProposableCommands()
            .AddSingleton<CorrectionPreviews>()
            .AddSingleton<AccountOpening>()
            .AddSingleton(SimulationSettings.Of(configuration))
            .AddSingleton<SimulationRuns>();
        AddStatements(services);
        AddCarryingForward(services, configuration);
        services.AddSingleton<AccountNumberSequence>().AddHostedService<AccountNumberHealth>();
    }

    public override void AddHealth(IHealthChecksBuilder health, params IEnumerable<string> tags) =>
        health.AddCheck<AccountNumberHealth>("account-numbers", tags: tags);

    private static void AddStatements(IServiceCollection services) => services
        .AddSingleton<StatementPreparation>()
        .AddSingleton<StatementCommands>()
        .AddSingleton<ICurrentView, CurrentStatementView>()
        .AddDueCommand<IssueScheduledStatement>(IssueScheduledStatement.Operation, (provider, command, context, ct) =>
            provider.GetRequiredService<StatementCommands>().IssueScheduledAsync(command, context, ct));

    private static void AddCarryingForward(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(CarryForwardPolicy.Of(configuration))
        .AddSingleton<CarryingForward>()
        .AddDueCommand<CarryAccountForward>(CarryAccountForward.Operation, (provider, command, context, ct) =>
            provider.GetRequiredService<CarryingForward>().RunAsync(command, context, ct));

    public override void Configure(StoreOptions store)
    {
        foreach (var (type, name) in EventNames.All.Concat(StatementEventNames.All))
        {
            store.Events.MapEventType(type, name);
        }

        foreach (var version in EarlierVersions.All)
        {
            version.AddTo(store);
        }

        store.Events.IgnoreIndex(TransactionReader.IndexName);
        store.Events.IgnoreIndex(CarryingForward.IndexName);
        store.Projections.Add<AccountProjection>(ProjectionLifecycle.Inline);
        store.Projections.Add<AccountStatementsProjection>(ProjectionLifecycle.Inline);
        store.Projections.Add<AccountDirectory>(ProjectionLifecycle.Async);
        store.Projections.Add<CustomerOverviews>(ProjectionLifecycle.Async);
        store.Schema.For<CustomerOverview>().DatabaseSchemaName(Schema).DocumentAlias("customer_overview");
        store.Schema.For<AccountDirectoryEntry>().DatabaseSchemaName(Schema).DocumentAlias("account_directory");
        store.Schema.For<Account>().DatabaseSchemaName(Schema).DocumentAlias("account");
        store.Schema.For<AccountStatements>().DatabaseSchemaName(Schema).DocumentAlias("account_statements");
        store.Schema.For<AccountNumberClaim>().DatabaseSchemaName(Schema).DocumentAlias("account_number");
        store.Schema.For<AccountAccess>().DatabaseSchemaName(Schema).DocumentAlias("account_access").Index(a => a.CustomerId);
        store.Schema.For<AccountExternalId>().DatabaseSchemaName(Schema).DocumentAlias("account_external_id").Index(a => a.ExternalId);
    }

    public override void Configure(WolverineOptions wolverine)
    {
        wolverine.RegisterMessageType(typeof(AccountWasClosed), "accounts.account-was-closed.v1");
        wolverine.RegisterMessageType(typeof(CarryAccountsForward), "accounts.carry-accounts-forward.v1");
        wolverine.RegisterMessageType(typeof(IssueStatement), IssueStatementDecision.Shape.Name);
    }

    /// <summary>Imports accounts of another bank with all their bookings, and the schedules of their statements.</summary>
    /// <param name="progress">Called with the number of events stored since the last call.</param>
    public static async Task<ImportResult> ImportAsync(
        HistoryImport import, string importName, IReadOnlyList<AccountHistory> accounts, Action<int> progress, CancellationToken ct)
    {
        var stored = await import.RunAsync(importName, [.. accounts.Select(ImportAccounts.ToStream)], Rules, progress, ct);
        return stored.And(
            await import.RunAsync(importName, [.. ImportSchedules.ToStreams(accounts)], StatementRules, progress, ct));
    }

    /// <summary>Checks before anything is imported that no row would be effective in a closed period.</summary>
    /// <exception cref="PeriodClosedException">A row would be.</exception>
    public static Task CheckPeriodsAsync(HistoryImport import, IReadOnlyList<AccountHistory> accounts, CancellationToken ct)
    {
        return import.CheckPeriodsAsync([.. accounts.Select(ImportAccounts.ToStream)], ct);
    }

    /// <summary>The first row that differs from the row imported earlier under the same id; null if there is none.</summary>
    public static Task<HistoryDifference?> FirstDifferenceAsync(
        HistoryComparison comparison, IReadOnlyList<AccountHistory> accounts, CancellationToken ct)
    {
        return comparison.FirstAsync(
            [.. accounts.Select(ImportAccounts.ToStream), .. ImportSchedules.ToStreams(accounts)], (_, _, _) => { }, ct);
    }

    /// <summary>Replays the history of accounts with a hypothesis, over one connection, and stores nothing.</summary>
    /// <param name="request">The body of <c>POST /v1/simulations</c>.</param>
    /// <param name="json">Whether to answer the whole as JSON instead of a summary.</param>
    /// <param name="progress">Called with the number of events that were replayed, and that of all.</param>
    /// <returns>Exit code 0: nothing would be otherwise; 1: something would, or there is no answer; 2: the request was refused.</returns>
    public static Task<(int ExitCode, string Output, string Error)> SimulateAsync(
        IDocumentStore store, NpgsqlDataSource source, ArchivedEvents archive, IConfiguration configuration, TimeProvider clock,
        byte[] request, bool json, Action<long, long> progress, CancellationToken ct) =>
        OfflineSimulation.RunAsync(store, source, archive, configuration, clock, request, json, progress, ct);

    /// <summary>The sum of the current balances of imported accounts.</summary>
    public static Task<MoneySum> BalanceAsync(
        EventReader events, NpgsqlDataSource source, IReadOnlyList<AccountHistory> accounts, Currency currency, CancellationToken ct) =>
        ImportedBalances.SumAsync(events, source, accounts, currency, ct);

    /// <summary>The new lookup documents of an account. They never change, so a movement writes none.</summary>
    private static IEnumerable<object> LookupDocuments(Account? before, Account after)
    {
        foreach (var customer in after.Delegates.Append(after.Owner).Except(before?.Delegates.Append(before.Owner) ?? []))
        {
            yield return AccountAccess.Of(after.Id, customer);
        }

        if (before is null)
        {
            yield return new AccountNumberClaim(after.Number.Value, after.Id);
        }

        if (before is null && after.ExternalId is not null)
        {
            yield return AccountExternalId.Of(after.Id, after.ExternalId);
        }
    }

    private static Refusal? OnDuplicate(Type document) => document == typeof(AccountNumberClaim)
        ? Refusal.Conflict(NumberTaken, "Another account has this number.") with { Pointer = "#/number" }
        : null;
}
