namespace Banking.Accounts.Contracts;

/// <summary>When statements are issued without a request.</summary>
public enum StatementFrequency
{
    /// <summary>Never.</summary>
    None,

    /// <summary>For each calendar month, when it has ended.</summary>
    Monthly,

    /// <summary>For each week from Monday to Sunday, when it has ended.</summary>
    Weekly,

    /// <summary>After each movement, with that movement only.</summary>
    EachTransaction,
}
