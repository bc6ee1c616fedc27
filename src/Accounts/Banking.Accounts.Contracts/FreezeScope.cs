namespace Banking.Accounts.Contracts;

/// <summary>The movements that a freeze blocks.</summary>
public enum FreezeScope
{
    /// <summary>Debits are blocked.</summary>
    Debit,

    /// <summary>Credits are blocked.</summary>
    Credit,

    /// <summary>Debits and credits are blocked.</summary>
    All,
}
