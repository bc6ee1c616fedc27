using Banking.SharedKernel;

namespace Banking.Ledger.Domain;

/// <summary>
/// The debits and credits of a GL account in one currency, in minor units. Decimal, because a sum over the whole bank may exceed the 64
/// bits of a customer's balance; a decimal holds integers of 28 digits exactly.
/// </summary>
/// <param name="Currency">As recorded: the same code with another scale is another currency.</param>
public readonly record struct GlBalance(GlAccount Account, Currency Currency, decimal Debits, decimal Credits)
{
    /// <summary>Debits less credits.</summary>
    public decimal Net => Debits - Credits;

    /// <summary>Positive on the account's normal side.</summary>
    public decimal Balance => Account.IsDebitNormal ? Net : -Net;

    /// <summary>Whether the balance is on the debit side; a balance of zero is on the account's normal side.</summary>
    public bool IsDebit => Net == 0 ? Account.IsDebitNormal : Net > 0;
}
