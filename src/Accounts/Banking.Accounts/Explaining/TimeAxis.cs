namespace Banking.Accounts.Explaining;

/// <summary>One of the two times that each event has.</summary>
public enum TimeAxis
{
    /// <summary>When the bank learned of the event.</summary>
    Recorded,

    /// <summary>When the event counts.</summary>
    Effective,
}
