using Banking.Commands;
using Banking.Commands.Groups;
using Banking.EventStore.Published;
using Banking.Loyalty.Domain;
using Banking.Loyalty.Features;
using Banking.Loyalty.Reactions;
using Banking.Loyalty.ReadModels;
using Banking.ReadModels;
using Banking.ReadModels.Comparing;
using Banking.Web;
using Banking.Web.Http;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Loyalty;

/// <summary>
/// Points for deposits: one for each whole unit of the currency. The customer or staff redeem them, oldest first. They expire after a year.
/// </summary>
public sealed class LoyaltyModule : BankModule
{
    /// <summary>The database schema of the module.</summary>
    public const string Schema = "loyalty";

    private const string Earned = "loyalty.points-earned.v1";
    private const string Redeemed = "loyalty.points-redeemed.v1";
    private const string Expired = "loyalty.points-expired.v1";

    public override IReadOnlyList<ProblemType> Problems => PointsProblems.All;

    public override IReadOnlyList<(string Name, string Description)> Tags { get; } =
    [
        ("Loyalty", "Points for deposits, and what they are redeemed for."),
    ];

    public override void AddStored(IServiceCollection services) =>
        services
            .AddAggregate(new GroupRules<PointsAccount>((_, _) => [], _ => null))
            .AddSingleton(new StreamKind(PointsAccount.StreamType, [Earned, Redeemed, Expired], HasReceipts: true))
            .AddSingleton(new PublicStream(PointsAccount.StreamType, "pts"))
            .AddSingleton(PublicIds.Of("loyalty.", ("account", "acc")));

    public override void AddServed(IServiceCollection services, IConfiguration configuration) =>
        services
            .AddSingleton<PointsCommands>()
            .AddCurrentView<PointsAccount>((_, points) => PointsView.Of(points))
            .AddDueCommand<ExpirePoints>(ExpirePoints.Operation, (provider, command, context, ct) =>
                provider.GetRequiredService<PointsCommands>().ExpireAsync(command, context, ct))
            .AddSingleton<IModuleInterest, DepositInterest>();

    public override void Configure(StoreOptions store)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.Events.MapEventType<PointsEarned>(Earned);
        store.Events.MapEventType<PointsRedeemed>(Redeemed);
        store.Events.MapEventType<PointsExpired>(Expired);
        store.Projections.Add<PointsAccountProjection>(ProjectionLifecycle.Inline);
        store.Projections.Add<PointsOverviewProjection>(ProjectionLifecycle.Async);
        store.Schema.For<PointsAccount>().DatabaseSchemaName(Schema).DocumentAlias("points_account");
        store.Schema.For<PointsOverview>().DatabaseSchemaName(Schema).DocumentAlias("points_overview");
    }
}
