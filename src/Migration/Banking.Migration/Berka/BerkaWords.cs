using Banking.Accounts.Contracts;

namespace Banking.Migration.Berka;

/// <summary>
/// Translates the source's Czech words. An unknown word is refused, because its effect on money is unknown. All methods take the raw field.
/// A blank field (empty, or the single space of some rows) means no word.
/// </summary>
internal static class BerkaWords
{
    /// <summary>The source charged its fee when it issued a statement: monthly, weekly, or after each transaction.</summary>
    public static StatementFrequency? TranslateFrequency(ReadOnlySpan<char> word) => word switch
    {
        "POPLATEK MESICNE" => StatementFrequency.Monthly,
        "POPLATEK TYDNE" => StatementFrequency.Weekly,
        "POPLATEK PO OBRATU" => StatementFrequency.EachTransaction,
        _ => null,
    };

    public static bool? IsOwner(ReadOnlySpan<char> word) => word switch
    {
        "OWNER" => true,
        "DISPONENT" => false,
        _ => null,
    };

    public static Direction? TranslateDirection(ReadOnlySpan<char> word) => word switch
    {
        "PRIJEM" => Accounts.Contracts.Direction.Credit,
        // The type VYBER is a debit in cash. The operation of such a row is VYBER too.
        "VYDAJ" or "VYBER" => Accounts.Contracts.Direction.Debit,
        _ => null,
    };

    public static bool TryTranslateOperation(ReadOnlySpan<char> word, out string? operation)
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
        return operation is not null || word.Trim(' ').IsEmpty;
    }

    public static bool TryTranslatePurpose(ReadOnlySpan<char> word, out string? purpose)
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
            // Only standing orders have this purpose.
            "LEASING" => "leasing",
            _ => null,
        };
        return purpose is not null || word.Trim(' ').IsEmpty;
    }

    /// <summary>
    /// The purpose has precedence over the operation: the source booked fees and penalty interest as cash withdrawals, but no cash moved.
    /// </summary>
    public static BankSide ChooseBankSide(string? operation, string? purpose) => (operation, purpose) switch
    {
        (_, "interest" or "penalty-interest") => Accounts.Contracts.BankSide.Interest,
        (_, "statement-fee") => Accounts.Contracts.BankSide.Fees,
        ("transfer-in" or "transfer-out" or "card", _) => Accounts.Contracts.BankSide.Settlement,
        ("cash-in" or "cash-out", _) => Accounts.Contracts.BankSide.Cash,
        _ => Accounts.Contracts.BankSide.Suspense,
    };
}
