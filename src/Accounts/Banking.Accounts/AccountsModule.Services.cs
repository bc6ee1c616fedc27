using Banking.Accounts.Domain;
using Banking.Accounts.Domain.Earlier;
using Banking.Accounts.Explaining;
using Banking.Accounts.Features;
using Banking.Accounts.Lookups;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Simulations.Reading;
using Banking.Accounts.Simulations.Running;
using Banking.Accounts.Statements;
using Banking.Accounts.Statements.Domain;
using Banking.Commands;
using Banking.Commands.Approvals;
using Banking.Commands.Groups;
using Banking.Commands.Periods;
using Banking.Commands.Receipts;
using Banking.EventStore.Archive;
using Banking.EventStore.Published;
using Banking.EventStore.Sealing;
using Banking.ReadModels;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts;

// The services of the module: those that reading and comparing the log needs, and those of a host that serves.
public sealed partial class AccountsModule
{
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
}
