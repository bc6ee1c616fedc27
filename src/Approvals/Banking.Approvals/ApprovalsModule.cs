using Banking.Approvals.Domain;
using Banking.Approvals.Features;
using Banking.Approvals.ReadModels;
using Banking.Commands;
using Banking.Commands.Approvals;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Archive;
using Banking.EventStore.Published;
using Banking.EventStore.Sealing;
using Banking.EventStore.Streams;
using Banking.ReadModels;
using Banking.ReadModels.Comparing;
using Banking.Web;
using Banking.Web.Http;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Approvals;

/// <summary>Registers the module with the host: proposals of commands, which a second person approves.</summary>
public sealed class ApprovalsModule : BankModule
{
    /// <summary>The database schema of the module.</summary>
    public const string Schema = "approvals";

    private static readonly GroupRules<Proposal> Rules = new((_, _) => [], _ => null);

    public override IReadOnlyList<ProblemType> Problems => ProposalProblems.All;

    public override IReadOnlyList<(string Name, string Description)> Tags { get; } =
    [
        ("Approvals", "Commands that wait for the approval of a second person."),
    ];

    public override IReadOnlyList<(string Path, string Description)> PathParameters { get; } =
    [
        ("/v1/proposals/{proposal}", "The id of the proposal, prp_…."),
    ];

    public override IReadOnlyList<(string Section, Type Record)> SettingSections { get; } =
        [(ApprovalSettings.Section, typeof(ApprovalSettings))];

    public override IReadOnlyList<Action<IConfiguration>> SettingReaders { get; } = [c => ApprovalSettings.Of(c)];

    public override IReadOnlyList<string> Sql { get; } = [StreamIndex.Sql(Proposal.StreamType)];

    public override void AddStored(IServiceCollection services)
    {
        foreach (var contract in ProposalContracts.All)
        {
            services.AddSingleton(contract);
        }

        services
            .AddAggregate(Rules)
            .AddSingleton(new ArchivableStream(
                Proposal.StreamType, [.. ProposalEventNames.All.Where(n => n.Key != typeof(CommandProposed)).Select(n => n.Value)], [], []))
            .AddSingleton(new StreamKind(Proposal.StreamType, [.. ProposalEventNames.All.Values], HasReceipts: true))
            .AddSingleton(new PublicStream(Proposal.StreamType, Proposal.Prefix))
            .AddSingleton<AnswerRule>(s => ProposalAnswers.RuleOf(s.GetRequiredService<SealedMembers>()))
            .AddSingleton<StoredComparison, ExpiryComparison>();
    }

    public override void AddServed(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(ApprovalSettings.Of(configuration))
        .AddSingleton<IProposals, Proposals>()
        .AddSingleton<ProposalCommands>()
        .AddSingleton<IStreamAccess, ProposalAccess>()
        .AddSingleton<ICurrentView, CurrentProposalView>()
        .AddDueCommand<ExpireProposal>(ExpireProposal.Operation, (provider, command, context, ct) =>
            provider.GetRequiredService<ProposalCommands>().ExpireAsync(command, context, ct));

    public override void Configure(StoreOptions store)
    {
        foreach (var (type, name) in ProposalEventNames.All)
        {
            store.Events.MapEventType(type, name);
        }

        store.Events.IgnoreIndex(StreamIndex.NameOf(Proposal.StreamType));
        store.Projections.Add<ProposalProjection>(ProjectionLifecycle.Inline);
        store.Schema.For<Proposal>().DatabaseSchemaName(Schema).DocumentAlias("proposal").Index(p => p.Status);
    }
}
