using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.SharedKernel;

namespace Banking.Accounts.Explaining;

/// <summary>What a command that was not carried out would have booked on an account.</summary>
/// <param name="Amount">In minor units, negative for a debit.</param>
/// <param name="EffectiveAt">The effective time that it claimed; null for the time of its decision.</param>
internal readonly record struct MissingCommand(Currency Currency, long Amount, DateTimeOffset? EffectiveAt)
{
    /// <summary>The names of the commands that move money.</summary>
    public static string[] Types { get; } =
        [DepositMoneyHandler.Definition.Shape.Name, WithdrawMoneyHandler.Definition.Shape.Name, TransferMoneyHandler.Definition.Shape.Name];

    /// <summary>Each command that would have booked the amount fits one of these.</summary>
    /// <param name="names">The texts by which commands name the account, without spaces and in capital letters.</param>
    public static IReadOnlyList<CommandPattern> PatternsOf(IReadOnlyList<string> names, long amount, Currency currency)
    {
        var single = amount > 0 ? DepositMoneyHandler.Definition.Shape.Name : WithdrawMoneyHandler.Definition.Shape.Name;
        (string Type, string Member)[] kinds =
            [(single, "account"), (TransferMoneyHandler.Definition.Shape.Name, amount > 0 ? "to" : "from")];
        return
        [
            .. kinds.Select(kind => new CommandPattern(
                JsonSerializer.Serialize(new
                {
                    type = kind.Type,
                    fields = new { amount = new { minor = Math.Abs(amount), currency = currency.Code } },
                }),
                kind.Member,
                names)),
        ];
    }

    /// <summary>Null for a command that moves no money of the account.</summary>
    public static MissingCommand? Of(CommandData command, Account account)
    {
        if (command.Type == DepositMoneyHandler.Definition.Shape.Name)
        {
            var c = command.Read<DepositMoney>();
            return Is(c.Account) ? new(c.Amount.Currency, c.Amount.Minor, c.EffectiveAt) : null;
        }

        if (command.Type == WithdrawMoneyHandler.Definition.Shape.Name)
        {
            var c = command.Read<WithdrawMoney>();
            return Is(c.Account) ? new(c.Amount.Currency, -c.Amount.Minor, c.EffectiveAt) : null;
        }

        if (command.Type == TransferMoneyHandler.Definition.Shape.Name)
        {
            var c = command.Read<TransferMoney>();
            return Is(c.From) ? new(c.Amount.Currency, -c.Amount.Minor, c.EffectiveAt)
                : Is(c.To) ? new(c.Amount.Currency, c.Amount.Minor, c.EffectiveAt)
                : null;
        }

        return null;

        bool Is(string text) => PublicId.TryParse(AccountId.Prefix, text, out var id)
            ? id == account.Id
            : AccountNumber.TryParseStored(text, out var number) && number == account.Number;
    }
}
