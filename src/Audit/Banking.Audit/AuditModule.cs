using Banking.Audit.Actors;
using Banking.Audit.ReadModels;
using Banking.EventStore.Keys;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.Web;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Audit;

/// <summary>Registers the module with the host. It has no streams; it reads the events of all modules.</summary>
public sealed class AuditModule : BankModule
{
    /// <summary>The database schema of the module.</summary>
    public const string Schema = "audit";

    public override IReadOnlyList<(string Name, string Description)> Tags { get; } =
    [
        ("Audit", "The events of the whole log, for auditors."),
    ];

    public override IReadOnlyList<string> Sql { get; } = [ActorTable.Create];

    public override void AddStored(IServiceCollection services) => services
        .AddSingleton<ReadModel, AuditModel>()
        .AddSingleton<StoredComparison, ActorComparison>();

    public override void AddServed(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<AuditEvents>()
        .AddSingleton<StoredTypeCounts>()
        .AddSingleton<ActorDirectory>()
        .AddSingleton<IRewrapping, ActorRewrapping>()
        .AddHostedService<ActorRecorder>();
}
