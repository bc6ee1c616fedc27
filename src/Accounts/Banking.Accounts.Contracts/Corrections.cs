namespace Banking.Accounts.Contracts;

/// <summary>What was wrong with a transaction.</summary>
public enum CorrectionKind
{
    /// <summary>It should not have been booked. The reversal of a reversal puts back what that took.</summary>
    Reversal,

    /// <summary>Its amount was wrong.</summary>
    Amount,

    /// <summary>It was booked to the wrong account.</summary>
    Account,

    /// <summary>It took effect at the wrong time.</summary>
    EffectiveDate,

    /// <summary>It was booked twice.</summary>
    Duplicate,
}

/// <summary>When the bookings of a correction take effect.</summary>
public enum CorrectionTime
{
    /// <summary>When the corrected booking took effect.</summary>
    Original,

    /// <summary>When the correction is recorded.</summary>
    Now,
}

/// <summary>The kinds of transaction that can begin a chain of corrections.</summary>
public enum TransactionKind
{
    /// <summary>Money from outside the bank.</summary>
    Deposit,

    /// <summary>Money to outside the bank.</summary>
    Withdrawal,

    /// <summary>Money from one account of the bank to another.</summary>
    Transfer,
}
