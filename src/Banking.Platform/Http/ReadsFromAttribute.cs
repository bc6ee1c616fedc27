namespace Banking.Platform.Http;

/// <summary>
/// Says that a GET is answered from a read model that follows the log. Its answer then says how far that was (Ledger-Position), and waits for a
/// position where it is asked to (Ledger-Min-Position, Prefer: wait).
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadsFromAttribute(string model) : Attribute
{
    public string Model { get; } = model;
}
