using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.Web.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Features;

/// <summary>A kind of command on existing accounts that can be proposed.</summary>
/// <param name="policy">The policy of the operation.</param>
internal sealed class ProposableCommand<TCommand>(CommandDefinition<TCommand> definition, string policy, AccountCommands commands)
    : IProposable
    where TCommand : class
{
    public string Name => definition.Shape.Name;

    public string Policy => policy;

    public Task<Outcome> RunAsync(CommandData command, CommandContext context, ProposalStep step, CancellationToken ct) =>
        commands.RunAsync(commands.Read<TCommand>(command), definition, context, step, ct);
}

internal static class ProposableCommands
{
    /// <summary>Registers the commands that can be proposed, except corrections.</summary>
    public static IServiceCollection AddProposableCommands(this IServiceCollection services) => services
        .AddProposable(DepositMoneyHandler.Definition, Policies.Deposit)
        .AddProposable(WithdrawMoneyHandler.Definition, Policies.MoveMoney)
        .AddProposable(TransferMoneyHandler.Definition, Policies.MoveMoney)
        .AddProposable(ChangeOverdraftLimitHandler.Definition, Policies.ControlAccounts)
        .AddProposable(FreezeAccountHandler.Definition, Policies.ControlAccounts)
        .AddProposable(UnfreezeAccountHandler.Definition, Policies.ControlAccounts)
        .AddProposable(CloseAccountHandler.Definition, Policies.ControlAccounts);

    /// <param name="policy">The policy of the operation: an approver must be allowed to call it.</param>
    private static IServiceCollection AddProposable<TCommand>(
        this IServiceCollection services, CommandDefinition<TCommand> definition, string policy)
        where TCommand : class => services.AddSingleton<IProposable>(provider =>
            new ProposableCommand<TCommand>(definition, policy, provider.GetRequiredService<AccountCommands>()));
}
