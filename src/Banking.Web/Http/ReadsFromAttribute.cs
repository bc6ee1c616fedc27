namespace Banking.Web.Http;

/// <summary>
/// Says that a GET is answered from a read model that follows the log. Its answer then says how far that was (Ledger-Position), and waits
/// for a position where it is asked to (Ledger-Min-Position, Prefer: wait).
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadsFromAttribute(string model) : Attribute
{
    public string Model { get; } = model;
}

/// <summary>
/// Says that a GET is a list that is found by a document read model. Asked for no position, it waits a moment for the end of the log as it
/// was when the request came, so that whoever writes and then lists sees what they wrote.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ListsFromAttribute(string model) : Attribute
{
    public string Model { get; } = model;
}

/// <summary>Says that a GET is answered from the log as far as it is known to be complete, which may be before its last event.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadsCompleteLogAttribute : Attribute;

/// <summary>
/// Says that nobody knows up to which position of the log a GET is answered: asked to wait for one, it could only answer falsely.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HasNoPositionAttribute : Attribute;
