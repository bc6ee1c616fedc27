using Banking.Commands.Approvals;
using Banking.Commands.Groups;
using Banking.Commands.Periods;
using Banking.Commands.Receipts;
using Banking.EventStore.Callers;
using Banking.EventStore.Published;
using Banking.EventStore.Streams;
using Banking.Periods.Closing;
using Banking.Periods.Contracts;
using Banking.Periods.Domain;
using Banking.Periods.Features;
using Banking.Periods.ReadModels;
using Banking.ReadModels;
using Banking.ReadModels.Comparing;
using Banking.Web;
using Banking.Web.Http;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Periods;

/// <summary>Registers the module with the host: accounting periods, which are closed and reopened.</summary>
public sealed class PeriodsModule : BankModule
{
    /// <summary>The database schema of the module.</summary>
    public const string Schema = "periods";

    private static readonly GroupRules<AccountingPeriods> Rules = new((_, _) => [], _ => null);

    public override IReadOnlyList<ProblemType> Problems => PeriodProblems.All;

    public override IReadOnlyList<(string Name, string Description)> Tags { get; } =
    [
        ("Periods", "Accounting periods: nothing is booked with an effective time in a closed one."),
    ];

    public override IReadOnlyList<(string Path, string Description)> PathParameters { get; } =
    [
        ("/v1/periods/{month}", "The month in UTC, such as 2026-10."),
    ];

    public override IReadOnlyList<string> Sql { get; } = [StreamIndex.Sql(AccountingPeriods.StreamType)];

    public override void AddStored(IServiceCollection services) => services
        .AddAggregate(Rules)
        .AddSingleton(new StreamKind(AccountingPeriods.StreamType, [.. PeriodEventNames.All.Values], HasReceipts: true))
        .AddSingleton(new PublicStream(AccountingPeriods.StreamType, "per"))
        .AddSingleton<IClosedPeriods, ClosedPeriods>()
        .AddSingleton<AnswerRule>(PeriodAnswers.Rule)
        .AddSingleton<StoredComparison, ClosedTotals>();

    public override void AddServed(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<ICommitCheck<AccountingPeriods>, ClosingCheck>()
        .AddSingleton<PeriodChecks>()
        .AddSingleton<FirstMonth>()
        .AddSingleton<PeriodCommands>()
        .AddSingleton<IProposable>(p => p.GetRequiredService<PeriodCommands>())
        .AddSingleton<PeriodReader>()
        .AddSingleton<IStreamAccess, PeriodAccess>()
        .AddSingleton<ICurrentView, CurrentPeriodView>();

    public override void Configure(WolverineOptions wolverine)
    {
        wolverine.RegisterMessageType(typeof(PeriodWasClosed), "periods.period-was-closed.v1");
    }

    public override void Configure(StoreOptions store)
    {
        foreach (var (type, name) in PeriodEventNames.All)
        {
            store.Events.MapEventType(type, name);
        }

        store.Events.IgnoreIndex(StreamIndex.NameOf(AccountingPeriods.StreamType));
        store.Projections.Add<AccountingPeriodsProjection>(ProjectionLifecycle.Inline);
        store.Schema.For<AccountingPeriods>().DatabaseSchemaName(Schema).DocumentAlias("accounting_periods");
    }
}

/// <summary>Decides whether a caller may see the periods: staff may, customers may not.</summary>
internal sealed class PeriodAccess : IStreamAccess
{
    public string StreamType => AccountingPeriods.StreamType;

    public Task<bool> MaySeeAsync(Caller caller, Guid stream, CancellationToken ct) =>
        Task.FromResult(caller is { IsStaff: true } && stream == AccountingPeriods.Stream);
}

/// <summary>Shows a period as it is now, without the changes, which the answer to a command does not have.</summary>
internal sealed class CurrentPeriodView(PeriodReader periods) : ICurrentView
{
    public string StreamType => AccountingPeriods.StreamType;

    public async Task<CurrentView?> FindAsync(ExpiredAnswer answer, CancellationToken ct)
    {
        DateOnly? from = answer.Last.Data switch
        {
            PeriodClosed closed => closed.From,
            PeriodReopened reopened => reopened.From,
            _ => null,
        };
        return from is { } day ? new((await periods.ReadAsync(ct)).View(new(day)) with { Changes = null }, answer.Last.Version) : null;
    }
}
