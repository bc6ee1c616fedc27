using Banking.Accounts.Contracts;

namespace Banking.Ledger.Domain;

/// <summary>What kind of figure a GL account holds: decides on which side of which report it stands.</summary>
public enum GlKind
{
    Asset,
    Liability,
    Income,
    Expense,
}

/// <summary>One account of the general ledger.</summary>
/// <param name="Code">Stored with every journal row: never given another meaning.</param>
public sealed record GlAccount(short Code, string Name, GlKind Kind)
{
    /// <summary>Whether a debit raises it.</summary>
    public bool IsDebitNormal => Kind is GlKind.Asset or GlKind.Expense;
}

/// <summary>
/// The bank's chart of accounts. None of these is a stream: they have no invariant, and a stream would be a lock the whole bank waits on.
/// </summary>
public static class Chart
{
    public static readonly GlAccount Cash = new(1000, "cash", GlKind.Asset);
    public static readonly GlAccount Settlement = new(1100, "settlement", GlKind.Asset);

    /// <summary>What the bank owes its customers: the sum of their accounts, always.</summary>
    public static readonly GlAccount CustomerDeposits = new(2000, "customer-deposits", GlKind.Liability);

    /// <summary>
    /// Between the two halves of a transfer. Both are stored in one transaction, so it is zero at every instant that is known.
    /// </summary>
    public static readonly GlAccount TransfersInTransit = new(2800, "transfers-in-transit", GlKind.Liability);

    public static readonly GlAccount Suspense = new(2900, "suspense", GlKind.Liability);
    public static readonly GlAccount Fees = new(4000, "fees", GlKind.Income);

    /// <summary>Paid to customers, less what they paid for overdrafts.</summary>
    public static readonly GlAccount Interest = new(5000, "interest", GlKind.Expense);

    public static readonly IReadOnlyList<GlAccount> All =
        [Cash, Settlement, CustomerDeposits, TransfersInTransit, Suspense, Fees, Interest];

    public static GlAccount? Find(string name) => All.FirstOrDefault(a => a.Name == name);

    public static GlAccount Of(short code) => All.FirstOrDefault(a => a.Code == code)
        ?? throw new InvalidOperationException($"The chart has no account {code}.");

    /// <summary>The other leg of a movement on a customer's account.</summary>
    public static GlAccount Counter(BankSide? side) => side switch
    {
        null => TransfersInTransit,
        BankSide.Cash => Cash,
        BankSide.Settlement => Settlement,
        BankSide.Interest => Interest,
        BankSide.Fees => Fees,
        BankSide.Suspense => Suspense,
        _ => throw new InvalidOperationException($"{side} has no account in the chart."),
    };
}
