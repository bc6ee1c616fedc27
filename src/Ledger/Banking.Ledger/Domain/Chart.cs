using Banking.Accounts.Contracts;

namespace Banking.Ledger.Domain;

/// <summary>The kind of a GL account. It decides in which report and on which side the account appears.</summary>
public enum GlKind
{
    Asset,
    Liability,
    Income,
    Expense,
}

/// <summary>One account of the general ledger.</summary>
/// <param name="Code">Stored in every journal row: a code never changes its meaning.</param>
public sealed record GlAccount(short Code, string Name, GlKind Kind)
{
    /// <summary>Whether a debit raises it.</summary>
    public bool IsDebitNormal => Kind is GlKind.Asset or GlKind.Expense;
}

/// <summary>
/// The bank's chart of accounts. GL accounts have no streams, because they have no invariant, and every movement of the bank would wait for
/// such a stream's lock.
/// </summary>
public static class Chart
{
    public static readonly GlAccount Cash = new(1000, "cash", GlKind.Asset);
    public static readonly GlAccount Settlement = new(1100, "settlement", GlKind.Asset);

    /// <summary>The bank's debt to its customers: always the sum of their accounts.</summary>
    public static readonly GlAccount CustomerDeposits = new(2000, "customer-deposits", GlKind.Liability);

    /// <summary>
    /// The counter account of both halves of a transfer. Both are stored in one transaction, so its balance is zero at every known instant.
    /// </summary>
    public static readonly GlAccount TransfersInTransit = new(2800, "transfers-in-transit", GlKind.Liability);

    public static readonly GlAccount Suspense = new(2900, "suspense", GlKind.Liability);
    public static readonly GlAccount Fees = new(4000, "fees", GlKind.Income);

    /// <summary>Interest paid to customers, less interest that they paid for overdrafts.</summary>
    public static readonly GlAccount Interest = new(5000, "interest", GlKind.Expense);

    public static readonly IReadOnlyList<GlAccount> All =
        [Cash, Settlement, CustomerDeposits, TransfersInTransit, Suspense, Fees, Interest];

    public static GlAccount? Find(string name) => All.FirstOrDefault(a => a.Name == name);

    public static GlAccount Of(short code) => All.FirstOrDefault(a => a.Code == code)
        ?? throw new InvalidOperationException($"The chart has no account {code}.");

    /// <summary>The GL account of the other leg of a movement on a customer's account.</summary>
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
