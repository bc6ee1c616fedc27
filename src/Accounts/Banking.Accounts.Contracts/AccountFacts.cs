using Banking.SharedKernel;

namespace Banking.Accounts.Contracts;

/// <summary>
/// What every fact about an account tells to other modules. Stored under a name of its own for ever; who and why are in its metadata.
/// </summary>
public interface IAccountEvent
{
    /// <summary>When it counts; when the bank learned it is in the metadata.</summary>
    DateTimeOffset EffectiveAt { get; }
}

/// <summary>What a fact that changes the balance tells: enough to book it, whatever kind of movement it is.</summary>
public interface IMovement : IAccountEvent
{
    /// <summary>Never negative: the direction is a field of its own.</summary>
    Money Amount { get; }

    /// <summary>Which way it moves on the customer's account.</summary>
    Direction Direction { get; }

    /// <summary>
    /// The bank's own leg; null where the other leg is another account of this bank, whose own fact is stored in the same transaction.
    /// </summary>
    BankSide? BankSide { get; }
}
