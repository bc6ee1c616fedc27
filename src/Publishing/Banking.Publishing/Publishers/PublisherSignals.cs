namespace Banking.Publishing.Publishers;

/// <summary>
/// Tells the publishers of this host at once of an operator's request. Other hosts find the request in the log
/// (<see cref="DestinationChanges"/>).
/// </summary>
public sealed class PublisherSignals
{
    /// <summary>Raised with the name of the publisher.</summary>
    internal event Action<string>? Requested;

    public void Request(string publisher) => Requested?.Invoke(publisher);
}
