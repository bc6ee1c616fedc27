namespace Banking.Accounts.Contracts;

/// <summary>Which way money does not move on a frozen account.</summary>
public enum FreezeScope
{
    /// <summary>Nothing goes out.</summary>
    Debit,

    /// <summary>Nothing comes in.</summary>
    Credit,

    /// <summary>Neither.</summary>
    All,
}
