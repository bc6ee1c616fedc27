using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Accounts.ReadModels;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Comparing;
using Banking.Platform.EventSourcing;
using Banking.Platform.ReadModels;
using Banking.Platform.Security;
using Banking.SharedKernel;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Wolverine;

namespace Banking.Accounts;

/// <summary>The front door of the module: what the host needs to know of it.</summary>
public sealed class AccountsModule : BankModule
{
    /// <summary>The schema of its documents.</summary>
    public const string Schema = "accounts";

    /// <summary>The setting that says how many days staff may date back what they book.</summary>
    public const string BackdatingSetting = BackdatingRule.Setting;

    public override IReadOnlyList<(string Name, Type Type)> Settings { get; } = [(BackdatingSetting, typeof(int))];

    public override IReadOnlyList<string> Sql { get; } = [AccountNumberSequence.Create];

    private static readonly GroupRules<Account> Rules = new(Beside, OnDuplicate) { ComparedAs = EntriesModel.ModelName };

    public override void AddStored(IServiceCollection services)
    {
        foreach (var contract in AccountContracts.All)
        {
            services.AddSingleton(contract);
        }

        services
            .AddCommandGroup(Rules)
            .AddSingleton<ReadModel, EntriesModel>()
            .AddSingleton(new StreamKind(Account.StreamType, [.. EventNames.All.Values], HasReceipts: true))
            .AddSingleton(MovementReceipts.Rule)
            .AddSingleton(ImportedIds.Rule)
            .AddSingleton<StoredComparison, LookupComparison>();
    }

    public override void AddServed(IServiceCollection services, IConfiguration configuration)
    {
        // Read when it is first needed, for the demo bank has its own; but a value that is no number of days keeps the host from starting.
        _ = BackdatingRule.Of(configuration);
        services
            .AddSingleton<AccountReferences>()
            .AddSingleton<AccountReader>()
            .AddSingleton<IStreamAccess, AccountStreamAccess>()
            .AddSingleton<AccountBook>()
            .AddSingleton<EntryPages>()
            .AddSingleton<AccountFigures>()
            .AddSingleton<AccountNumberSequence>()
            .AddSingleton(_ => BackdatingRule.Of(configuration))
            .AddSingleton<AccountPasts>()
            .AddSingleton<IPastSource<Account>>(p => p.GetRequiredService<AccountPasts>())
            .AddSingleton<AccountDesk>()
            .AddSingleton<OpeningDesk>();
    }

    public override void Configure(StoreOptions store)
    {
        ArgumentNullException.ThrowIfNull(store);
        foreach (var (type, name) in EventNames.All)
        {
            store.Events.MapEventType(type, name);
        }

        store.Projections.Add<AccountProjection>(ProjectionLifecycle.Inline);
        store.Projections.Add<AccountDirectory>(ProjectionLifecycle.Async);
        store.Schema.For<AccountDirectoryEntry>().DatabaseSchemaName(Schema).DocumentAlias("account_directory");
        store.Schema.For<Account>().DatabaseSchemaName(Schema).DocumentAlias("account");
        store.Schema.For<AccountNumberClaim>().DatabaseSchemaName(Schema).DocumentAlias("account_number");
        store.Schema.For<AccountAccess>().DatabaseSchemaName(Schema).DocumentAlias("account_access").Index(a => a.CustomerId);
        store.Schema.For<AccountExternalId>().DatabaseSchemaName(Schema).DocumentAlias("account_external_id").Index(a => a.ExternalId);
    }

    public override void Configure(WolverineOptions wolverine)
    {
        ArgumentNullException.ThrowIfNull(wolverine);
        wolverine.RegisterMessageType(typeof(OpenAccount), OpenAccountHandler.Shape.Name);
        wolverine.RegisterMessageType(typeof(DepositMoney), DepositMoneyHandler.Slice.Shape.Name);
        wolverine.RegisterMessageType(typeof(WithdrawMoney), WithdrawMoneyHandler.Slice.Shape.Name);
        wolverine.RegisterMessageType(typeof(TransferMoney), TransferMoneyHandler.Slice.Shape.Name);
        wolverine.RegisterMessageType(typeof(FreezeAccount), FreezeAccountHandler.Slice.Shape.Name);
        wolverine.RegisterMessageType(typeof(UnfreezeAccount), UnfreezeAccountHandler.Slice.Shape.Name);
        wolverine.RegisterMessageType(typeof(ChangeOverdraftLimit), ChangeOverdraftLimitHandler.Slice.Shape.Name);
        wolverine.RegisterMessageType(typeof(CloseAccount), CloseAccountHandler.Slice.Shape.Name);
        wolverine.RegisterMessageType(typeof(AccountWasClosed), "accounts.account-was-closed.v1");
    }

    /// <summary>Takes over accounts of another bank with everything that was booked on them.</summary>
    /// <param name="progress">Told how many events were stored, each time some were.</param>
    public static Task<ImportResult> ImportAsync(
        HistoryImport import, string importName, IReadOnlyList<AccountHistory> accounts, Action<int> progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(import);
        return import.RunAsync(importName, [.. accounts.Select(ImportAccounts.Stream)], Rules, progress, ct);
    }

    /// <summary>The first row that is not what was imported under the same id before, or null.</summary>
    public static Task<HistoryDifference?> FirstDifferenceAsync(
        HistoryComparison comparison, IReadOnlyList<AccountHistory> accounts, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        return comparison.FirstAsync([.. accounts.Select(ImportAccounts.Stream)], (_, _, _) => { }, ct);
    }

    /// <summary>The sum of the balances that the bank holds now on accounts that were imported.</summary>
    public static Task<MoneySum> BalanceAsync(
        IDocumentStore store, NpgsqlDataSource source, IReadOnlyList<AccountHistory> accounts, Currency currency, CancellationToken ct) =>
        ImportedBalances.SumAsync(store, source, accounts, currency, ct);

    /// <summary>What an account is found by. Never changed once written, so that a movement writes none of it.</summary>
    private static IEnumerable<object> Beside(Account? before, Account after)
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
        ? Refusal.Of("account_number_taken", 409, "Another account has this number.") with { Pointer = "#/number" }
        : null;
}
