using Banking.Accounts.Contracts;

namespace Banking.Migration.Berka;

/// <summary>
/// The bank's Czech words and ours. A word that is not here is refused rather than passed through: nobody would know what it does to money.
/// All tables take the raw field; blank (empty or the single space that some rows have) says nothing and is no word.
/// </summary>
internal static class BerkaWords
{
    public static bool IsFrequency(ReadOnlySpan<char> word) => word is "POPLATEK MESICNE" or "POPLATEK TYDNE" or "POPLATEK PO OBRATU";

    public static bool? IsOwner(ReadOnlySpan<char> word) => word switch
    {
        "OWNER" => true,
        "DISPONENT" => false,
        _ => null,
    };

    public static Direction? Direction(ReadOnlySpan<char> word) => word switch
    {
        "PRIJEM" => Accounts.Contracts.Direction.Credit,
        // VYBER as a type is a debit in cash that is also VYBER by its operation.
        "VYDAJ" or "VYBER" => Accounts.Contracts.Direction.Debit,
        _ => null,
    };

    public static bool TryOperation(ReadOnlySpan<char> word, out string? operation)
    {
        operation = word switch
        {
            "VKLAD" => "cash-in",
            "VYBER" => "cash-out",
            "PREVOD Z UCTU" => "transfer-in",
            "PREVOD NA UCET" => "transfer-out",
            "VYBER KARTOU" => "card",
            _ => null,
        };
        return operation is not null || word.IsWhiteSpace();
    }

    public static bool TryPurpose(ReadOnlySpan<char> word, out string? purpose)
    {
        purpose = word switch
        {
            "UROK" => "interest",
            "SANKC. UROK" => "penalty-interest",
            "SLUZBY" => "statement-fee",
            "SIPO" => "household",
            "DUCHOD" => "pension",
            "POJISTNE" => "insurance",
            "UVER" => "loan",
            // Of the standing orders only.
            "LEASING" => "leasing",
            _ => null,
        };
        return purpose is not null || word.IsWhiteSpace();
    }

    /// <summary>Purpose before operation: the bank booked fees and penalty interest as cash it had withdrawn, but no notes moved.</summary>
    public static BankSide BankSide(string? operation, string? purpose) => (operation, purpose) switch
    {
        (_, "interest" or "penalty-interest") => Accounts.Contracts.BankSide.Interest,
        (_, "statement-fee") => Accounts.Contracts.BankSide.Fees,
        ("transfer-in" or "transfer-out" or "card", _) => Accounts.Contracts.BankSide.Settlement,
        ("cash-in" or "cash-out", _) => Accounts.Contracts.BankSide.Cash,
        _ => Accounts.Contracts.BankSide.Suspense,
    };
}
