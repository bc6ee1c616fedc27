namespace Banking.Accounts.Contracts;

/// <summary>Which way money moves on the customer's account.</summary>
public enum Direction
{
    /// <summary>Raises the balance.</summary>
    Credit,

    /// <summary>Lowers the balance.</summary>
    Debit,
}

/// <summary>
/// The bank's own leg of an entry. Never a stream: it has no invariant, and a stream would be a lock the whole bank waits on.
/// </summary>
public enum BankSide
{
    /// <summary>Notes and coins over the counter.</summary>
    Cash,

    /// <summary>Money from or to another bank.</summary>
    Settlement,

    /// <summary>Interest paid to or charged from the customer.</summary>
    Interest,

    /// <summary>Fees.</summary>
    Fees,

    /// <summary>Differences that await an explanation, rounding among them.</summary>
    Suspense,
}

/// <summary>The other end of a movement from or to another bank.</summary>
/// <param name="Bank">Its bank, as the source names it.</param>
/// <param name="Account">Its account there, as the source names it.</param>
public sealed record Counterparty(string? Bank, string? Account);

/// <summary>What a movement was for, as far as it was told.</summary>
/// <param name="Operation">How it was done: cash-in, cash-out, transfer-in, transfer-out, card …</param>
/// <param name="Purpose">What it was for: interest, fee, household, pension …</param>
/// <param name="Reference">The customer's own reference.</param>
public sealed record MovementDetails(
    string? Operation = null,
    string? Purpose = null,
    string? Reference = null,
    Counterparty? Counterparty = null);
