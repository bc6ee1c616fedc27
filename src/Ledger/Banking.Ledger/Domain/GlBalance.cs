using Banking.SharedKernel;

namespace Banking.Ledger.Domain;

/// <summary>
/// What a GL account was debited and credited in one currency. In minor units like all money, but wider: a sum over the whole bank may
/// exceed the 64 bits of one customer's account. A decimal holds 28 digits of an integer exactly.
/// </summary>
/// <param name="Currency">As it was recorded: a code with another scale is another currency.</param>
public readonly record struct GlBalance(GlAccount Account, Currency Currency, decimal Debits, decimal Credits)
{
    /// <summary>Debits less credits.</summary>
    public decimal Net => Debits - Credits;

    /// <summary>Above zero on the side that the account normally stands on.</summary>
    public decimal Balance => Account.IsDebitNormal ? Net : -Net;

    /// <summary>Whether the balance stands on the debit side; a balance of nothing stands where the account belongs.</summary>
    public bool IsDebit => Net == 0 ? Account.IsDebitNormal : Net > 0;
}
