namespace Banking.SampleHistory;

/// <summary>The Czech words of the format.</summary>
internal static class BankWords
{
    public const string Credit = "PRIJEM";
    public const string Debit = "VYDAJ";

    /// <summary>A type that some cash debits have, and an operation.</summary>
    public const string Cash = "VYBER";

    public const string Deposit = "VKLAD";
    public const string TransferIn = "PREVOD Z UCTU";
    public const string TransferOut = "PREVOD NA UCET";
    public const string Card = "VYBER KARTOU";

    public const string Interest = "UROK";
    public const string PenaltyInterest = "SANKC. UROK";
    public const string Fee = "SLUZBY";
    public const string Household = "SIPO";
    public const string Pension = "DUCHOD";
    public const string Insurance = "POJISTNE";
    public const string Loan = "UVER";
    public const string Leasing = "LEASING";

    public static readonly string[] Frequencies =
        ["POPLATEK MESICNE", "POPLATEK MESICNE", "POPLATEK MESICNE", "POPLATEK MESICNE", "POPLATEK TYDNE", "POPLATEK PO OBRATU"];

    /// <summary>A blank purpose is written in two ways.</summary>
    public static readonly string[] OrderPurposes = [Household, Household, Household, Insurance, Loan, Leasing, " ", ""];

    /// <summary>Other banks. Names with a separator, quotes or letters of Latin-1 are rare in the format, and legal.</summary>
    public static readonly string[] Banks = ["AB", "CD", "EF", "GH", "IJ", "KL", "MN", "OP", "QR", "ST", "UV", "WX", "YZ"];

    public static readonly string[] RareBanks = ["Národní", "Y;\"Z\""];
}
