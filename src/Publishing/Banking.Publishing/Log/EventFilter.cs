namespace Banking.Publishing.Log;

/// <summary>The published events that a reader takes.</summary>
/// <param name="Types">Types of events; null for all.</param>
/// <param name="Accounts">Accounts, acc_…; null for all.</param>
public sealed record EventFilter(IReadOnlySet<string>? Types = null, IReadOnlySet<string>? Accounts = null)
{
    /// <summary>Takes every event.</summary>
    public static EventFilter All { get; } = new();

    public static EventFilter Of(IEnumerable<string>? types, IEnumerable<string>? accounts) =>
        types is null && accounts is null ? All : new(types?.ToHashSet(), accounts?.ToHashSet());

    /// <summary>Whether it takes an event; of one that cannot be read, whether it may take it.</summary>
    public bool Takes(PublicEvent e)
    {
        return e.IsForEveryone
            || ((Types?.Contains(e.Type) != false || e.IsOfUnknownType)
                && (Accounts?.Contains(e.Subject) != false || e.IsOfUnknownAccount));
    }
}
