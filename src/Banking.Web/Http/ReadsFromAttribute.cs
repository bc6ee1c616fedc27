namespace Banking.Web.Http;

/// <summary>
/// Metadata of a GET that is answered from a read model. The answer states the model's position (Ledger-Position), and waits for a
/// requested position (Ledger-Min-Position, Prefer: wait).
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadsFromAttribute(string model) : Attribute
{
    public string Model { get; } = model;
}

/// <summary>
/// Metadata of a GET that lists a document read model. Without a requested position it waits briefly for the end of the log at the time of
/// the request, so that a client that writes and then lists sees its writes.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ListsFromAttribute(string model) : Attribute
{
    public string Model { get; } = model;
}

/// <summary>Metadata of a GET that is answered from the log up to its high-water mark, which may be before its last event.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadsCompleteLogAttribute : Attribute;

/// <summary>Metadata of a GET whose position in the log is unknown: a request to wait for a position is refused.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HasNoPositionAttribute : Attribute;
