using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Domain.Earlier;
using Banking.Accounts.Features;
using Banking.Accounts.Lookups;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Simulations;
using Banking.Accounts.Simulations.Reading;
using Banking.Accounts.Simulations.Running;
using Banking.Accounts.Statements;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Web;
using Banking.Web.Commands;
using Banking.Web.Http;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.Configuration;
using Wolverine;

namespace Banking.Accounts;

/// <summary>Registers the module with the host.</summary>
public sealed partial class AccountsModule : BankModule
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

    public override IReadOnlyList<Action<IConfiguration>> SettingReaders { get; } =
    [
        c => BackdatingRule.Of(c), c => CorrectionApprovalRule.Of(c), c => SimulationSettings.Of(c), c => CarryForwardPolicy.Of(c),
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
