namespace Banking.SampleHistory;

/// <summary>The Czech words of the file format.</summary>
internal static class BankWords
{
    public const string Credit = "PRIJEM";
    public const string Debit = "VYDAJ";

    /// <summary>The operation of a cash withdrawal. Some cash debits also have it as their type.</summary>
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

    /// <summary>A blank purpose has two spellings.</summary>
    public static readonly string[] OrderPurposes = [Household, Household, Household, Insurance, Loan, Leasing, " ", ""];

    public static readonly string[] Banks = ["AB", "CD", "EF", "GH", "IJ", "KL", "MN", "OP", "QR", "ST", "UV", "WX", "YZ"];

    /// <summary>Names with a separator, quotes or Latin-1 letters. The format allows them.</summary>
    public static readonly string[] RareBanks = ["Národní", "Y;\"Z\""];
}
