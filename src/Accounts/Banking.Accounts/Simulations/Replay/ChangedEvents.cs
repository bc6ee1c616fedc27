using Banking.Accounts.Domain;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>Events with another amount, limit or effective time.</summary>
internal static class ChangedEvents
{
    /// <returns>The event with the values.</returns>
    public static object Of(object data, ChangedValues values) => data switch
    {
        MoneyDeposited e => e with { Amount = values.Amount ?? e.Amount, EffectiveAt = values.EffectiveAt ?? e.EffectiveAt },
        MoneyWithdrawn e => e with { Amount = values.Amount ?? e.Amount, EffectiveAt = values.EffectiveAt ?? e.EffectiveAt },
        TransferSent e => e with { Amount = values.Amount ?? e.Amount, EffectiveAt = values.EffectiveAt ?? e.EffectiveAt },
        TransferReceived e => e with { Amount = values.Amount ?? e.Amount, EffectiveAt = values.EffectiveAt ?? e.EffectiveAt },
        OverdraftLimitSet e => e with { Limit = values.Amount ?? e.Limit },
        _ => throw new InvalidOperationException($"{data.GetType().Name} has no values that can be changed."),
    };

    public static bool IsMovement(object data) => data is MoneyDeposited or MoneyWithdrawn or TransferSent or TransferReceived;
}
