using Banking.Accounts.Contracts;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>The command of a stored refusal, as it was sent.</summary>
internal static class CommandsOfRefusals
{
    private static readonly Dictionary<string, Func<CommandData, ChangedValues, Func<string, Guid>, SimulatedCommand>> Kinds = new()
    {
        [DepositMoneyHandler.Definition.Shape.Name] = (data, values, find) =>
        {
            var c = data.Read<DepositMoney>();
            c = c with { Amount = values.Amount ?? c.Amount, EffectiveAt = values.EffectiveAt ?? c.EffectiveAt };
            return SimulatedCommand.Of(DepositMoneyHandler.Definition, c, c.Amount, find(c.Account));
        },
        [WithdrawMoneyHandler.Definition.Shape.Name] = (data, values, find) =>
        {
            var c = data.Read<WithdrawMoney>();
            c = c with { Amount = values.Amount ?? c.Amount, EffectiveAt = values.EffectiveAt ?? c.EffectiveAt };
            return SimulatedCommand.Of(WithdrawMoneyHandler.Definition, c, c.Amount, find(c.Account));
        },
        [TransferMoneyHandler.Definition.Shape.Name] = (data, values, find) =>
        {
            var c = data.Read<TransferMoney>();
            c = c with { Amount = values.Amount ?? c.Amount, EffectiveAt = values.EffectiveAt ?? c.EffectiveAt };
            return SimulatedCommand.Of(TransferMoneyHandler.Definition, c, c.Amount, find(c.From), find(c.To));
        },
        [FreezeAccountHandler.Definition.Shape.Name] = (data, _, find) => Of(FreezeAccountHandler.Definition, data, find),
        [UnfreezeAccountHandler.Definition.Shape.Name] = (data, _, find) => Of(UnfreezeAccountHandler.Definition, data, find),
        [ChangeOverdraftLimitHandler.Definition.Shape.Name] = (data, _, find) => Of(ChangeOverdraftLimitHandler.Definition, data, find),
        [CloseAccountHandler.Definition.Shape.Name] = (data, _, find) => Of(CloseAccountHandler.Definition, data, find),
    };

    private static readonly HashSet<string> Movements =
        [DepositMoneyHandler.Definition.Shape.Name, WithdrawMoneyHandler.Definition.Shape.Name, TransferMoneyHandler.Definition.Shape.Name];

    /// <summary>Whether the command has an amount and an effective time.</summary>
    public static bool IsMovement(CommandData data) => Movements.Contains(data.Type);

    /// <param name="values">Other values of its members.</param>
    /// <param name="find">Finds the account of a public id or an account number.</param>
    /// <returns>Null for a correction, and for a command that is decided on no account: the opening of one.</returns>
    public static SimulatedCommand? Of(CommandData data, ChangedValues values, Func<string, Guid> find) =>
        Kinds.GetValueOrDefault(data.Type)?.Invoke(data, values, find);

    private static SimulatedCommand Of<TCommand>(
        CommandDefinition<TCommand> definition, CommandData data, Func<string, Guid> find)
        where TCommand : class
    {
        var command = data.Read<TCommand>();
        return SimulatedCommand.Of(definition, command, null, [.. definition.Accounts(command).Select(a => find(a.Account))]);
    }
}
