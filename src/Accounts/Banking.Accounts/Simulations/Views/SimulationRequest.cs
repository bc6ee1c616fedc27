using Banking.Accounts.Contracts;
using Banking.Web.Http;

namespace Banking.Accounts.Simulations.Views;

/// <summary>A question about the history of accounts, a customer or a cohort: exactly one of the three is given.</summary>
/// <param name="Accounts">Public ids or account numbers.</param>
/// <param name="CustomerId">All accounts of this owner.</param>
/// <param name="Cohort">All accounts of a product, of a currency, or of both.</param>
/// <param name="From">The hypothesis holds for what was recorded from then on; from the beginning if left out.</param>
/// <param name="OverdraftLimit">The limit of all these accounts from then on. Their real limits do not count.</param>
/// <param name="Changes">What else is assumed. Without a hypothesis the answer is reality.</param>
public sealed record SimulationRequest(
    IReadOnlyList<string>? Accounts = null, string? CustomerId = null, SimulatedCohort? Cohort = null, DateTimeOffset? From = null,
    Amount? OverdraftLimit = null, IReadOnlyList<SimulatedChange>? Changes = null);

/// <summary>Accounts of a kind.</summary>
/// <param name="Product">The kind of account: current …</param>
/// <param name="Currency">ISO 4217 code.</param>
public sealed record SimulatedCohort(string? Product = null, string? Currency = null);

/// <summary>One assumption: exactly one of omit, change and insert.</summary>
/// <param name="Omit">What did not happen: a transaction (dep_, wdr_, trf_, cor_), an event (evt_) or a refused command (ref_).</param>
/// <param name="Change">What had another amount, limit or effective time.</param>
/// <param name="Insert">What happened in addition.</param>
/// <param name="Amount">The other amount or limit; for change.</param>
/// <param name="EffectiveAt">The other effective time; for change.</param>
public sealed record SimulatedChange(
    string? Omit = null, string? Change = null, SimulatedInsertion? Insert = null, Amount? Amount = null,
    DateTimeOffset? EffectiveAt = null);

/// <summary>The kinds of command that can be inserted.</summary>
public enum SimulatedCommandKind
{
    /// <summary>Money from outside the bank.</summary>
    Deposit,

    /// <summary>Money to outside the bank.</summary>
    Withdrawal,

    /// <summary>Money to another account of the bank.</summary>
    Transfer,

    /// <summary>Another overdraft limit.</summary>
    OverdraftLimit,

    /// <summary>A freeze for debits, credits or both.</summary>
    Freeze,

    /// <summary>The end of a freeze.</summary>
    Unfreeze,

    /// <summary>The closing of the account.</summary>
    Close,
}

/// <summary>A command that is decided in the simulated history.</summary>
/// <param name="AccountId">Public id or account number; of a transfer, the payer's account.</param>
/// <param name="At">When the command is decided. What its accounts recorded later comes after it.</param>
/// <param name="ToAccountId">The payee's account; for a transfer.</param>
/// <param name="Amount">The amount, or the limit.</param>
/// <param name="BankSide">The bank's own leg of a deposit or withdrawal; cash if left out.</param>
/// <param name="Scope">The movements concerned; for freeze and unfreeze.</param>
/// <param name="EffectiveAt">When a movement takes effect; when it is decided if left out.</param>
/// <param name="IsBooked">Whether a movement or limit is booked whatever the rules say.</param>
public sealed record SimulatedInsertion(
    SimulatedCommandKind Kind, string AccountId, DateTimeOffset At, string? ToAccountId = null, Amount? Amount = null,
    BankSide? BankSide = null, FreezeScope? Scope = null, DateTimeOffset? EffectiveAt = null, bool IsBooked = false);
