using Banking.SharedKernel;

namespace Banking.Accounts.Contracts;

/// <summary>An event of an account, as other modules see it. Actor and reason, if there is one, are in its metadata.</summary>
public interface IAccountEvent
{
    /// <summary>When the event takes effect. The metadata has the time at which the bank recorded it.</summary>
    DateTimeOffset EffectiveAt { get; }
}

/// <summary>An event that changes the balance, with everything that booking it needs.</summary>
public interface IMovement : IAccountEvent
{
    /// <summary>Never negative; <see cref="Direction"/> gives the sign.</summary>
    Money Amount { get; }

    /// <summary>Whether the movement raises or lowers the customer's balance.</summary>
    Direction Direction { get; }

    /// <summary>The change of the customer's balance: the amount, negative for a debit.</summary>
    sealed Money SignedAmount => new(Direction.Signed(Amount.Minor), Amount.Currency);

    /// <summary>
    /// The bank's own leg. Null for a transfer: its other leg is the event of the other account, stored in the same transaction.
    /// </summary>
    BankSide? BankSide { get; }
}
