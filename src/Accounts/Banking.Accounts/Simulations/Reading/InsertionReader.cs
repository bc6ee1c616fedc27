using Banking.Accounts.Contracts;
using Banking.Accounts.Simulations.Replay;
using Banking.Accounts.Simulations.Views;
using Banking.Commands.Decisions;
using Banking.SharedKernel;

namespace Banking.Accounts.Simulations.Reading;

/// <summary>Makes the command of an insertion. Each kind has its own members and takes no others.</summary>
internal sealed class InsertionReader(SimulatedInsertion insertion, string pointer, IReadOnlyDictionary<string, Guid> accounts)
{
    public (SimulatedCommand? Command, Refusal? Problem) Read()
    {
        var kind = insertion.Kind;
        var isMovement = kind is SimulatedCommandKind.Deposit or SimulatedCommandKind.Withdrawal or SimulatedCommandKind.Transfer;
        var isFreeze = kind is SimulatedCommandKind.Freeze or SimulatedCommandKind.Unfreeze;
        var hasAmount = isMovement || kind == SimulatedCommandKind.OverdraftLimit;
        var problem = Check("amount", insertion.Amount is not null, hasAmount, hasAmount)
            ?? Check("toAccountId", insertion.ToAccountId is not null, kind == SimulatedCommandKind.Transfer, true)
            ?? Check("scope", insertion.Scope is not null, isFreeze, true)
            ?? Check("bankSide", insertion.BankSide is not null, isMovement && kind != SimulatedCommandKind.Transfer, false)
            ?? Check("effectiveAt", insertion.EffectiveAt is not null, isMovement, false)
            ?? Check("isBooked", insertion.IsBooked, hasAmount, false);
        if (problem is not null)
        {
            return (null, problem);
        }

        var (amount, invalid) = insertion.Amount is { } given
            ? HypothesisReader.ReadAmount(given, pointer[1..] + "/amount", kind == SimulatedCommandKind.OverdraftLimit)
            : (default, null);
        var (account, unknown) = Find(insertion.AccountId, "/accountId");
        var (other, otherUnknown) = insertion.ToAccountId is { } to ? Find(to, "/toAccountId") : (default, null);
        return (invalid ?? unknown ?? otherUnknown) is { } wrong ? (null, wrong) : (Make(kind, account, other, amount), null);
    }

    private SimulatedCommand Make(SimulatedCommandKind kind, Guid account, Guid other, Money amount)
    {
        var (side, at) = (insertion.BankSide ?? BankSide.Cash, insertion.EffectiveAt?.CutToMicroseconds());
        return kind switch
        {
            SimulatedCommandKind.Deposit => CommandsOfEvents.Deposit(account, amount, side, at),
            SimulatedCommandKind.Withdrawal => CommandsOfEvents.Withdrawal(account, amount, side, at),
            SimulatedCommandKind.Transfer => CommandsOfEvents.Transfer(account, other, amount, at),
            SimulatedCommandKind.OverdraftLimit => CommandsOfEvents.Limit(account, amount),
            SimulatedCommandKind.Freeze => CommandsOfEvents.Freeze(account, insertion.Scope!.Value),
            SimulatedCommandKind.Unfreeze => CommandsOfEvents.Unfreeze(account, insertion.Scope!.Value),
            SimulatedCommandKind.Close => CommandsOfEvents.Close(account),
            _ => throw new InvalidOperationException($"{kind} is no kind of insertion."),
        };
    }

    private (Guid Id, Refusal? Problem) Find(string account, string member) => accounts.TryGetValue(account, out var id)
        ? (id, null)
        : (default, HypothesisReader.Unfit("There is no such account.", pointer + member));

    private Refusal? Check(string member, bool isGiven, bool fits, bool isRequired) =>
        isGiven && !fits ? HypothesisReader.Unfit($"{member} does not fit an insertion of this kind.", $"{pointer}/{member}")
        : !isGiven && fits && isRequired ? HypothesisReader.Unfit($"An insertion of this kind needs {member}.", $"{pointer}/{member}")
        : null;
}
