using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using Banking.SharedKernel;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>A command that is decided in a simulated past, by the decision of the real command.</summary>
/// <param name="Name">The stored name of the kind of command.</param>
/// <param name="Accounts">Its accounts. A refusal is listed under the first one of the simulation.</param>
/// <param name="Amount">The amount that it moves; null if it moves none.</param>
internal abstract record SimulatedCommand(string Name, IReadOnlyList<Guid> Accounts, Money? Amount)
{
    /// <summary>The effective time that it claims.</summary>
    public abstract DateTimeOffset? EffectiveAt { get; }

    /// <summary>The start of the timeline that the decision needs of an account; null if it needs none.</summary>
    /// <param name="index">The index of the account.</param>
    public abstract DateTimeOffset? TimelineFrom(int index);

    /// <param name="accounts">The states of the accounts, with the timelines.</param>
    /// <param name="id">The id of the transaction.</param>
    public abstract Decision Decide(IReadOnlyList<Account> accounts, Guid id, DateTimeOffset now, BackdatingRule rule);

    public static SimulatedCommand Of<TCommand>(
        CommandDefinition<TCommand> definition, TCommand command, Money? amount, params IReadOnlyList<Guid> accounts)
        where TCommand : class => new OfDefinition<TCommand>(definition, command, accounts, amount);

    private sealed record OfDefinition<TCommand>(
        CommandDefinition<TCommand> Definition, TCommand Command, IReadOnlyList<Guid> Accounts, Money? Amount)
        : SimulatedCommand(Definition.Shape.Name, Accounts, Amount)
        where TCommand : class
    {
        public override DateTimeOffset? EffectiveAt => Definition.EffectiveAt(Command);

        public override DateTimeOffset? TimelineFrom(int index) => EffectiveAt is not { } at ? null
            : Definition.IsFirstDebited && index == 0 ? at
            : AccountTimeline.NoMovements;

        public override Decision Decide(IReadOnlyList<Account> accounts, Guid id, DateTimeOffset now, BackdatingRule rule) =>
            Definition.Decide(Command, accounts, new(id, id), now, rule);
    }
}
