using JasperFx.Events;

namespace Banking.EventStore.Log;

/// <summary>Stands in a page of the log for an event that this version of the bank cannot read, as the data of its row.</summary>
public sealed record UnreadableEvent(UnreadableEventException Failure)
{
    /// <summary>Why an event of a page cannot be read; null if it can be.</summary>
    public static UnreadableEventException? FailureOf(IEvent e)
    {
        return (e.Data as UnreadableEvent)?.Failure;
    }
}

/// <summary>The event is of a type that this version of the bank does not know. A later version has written it.</summary>
public sealed class UnknownEventTypeException() : InvalidOperationException(Sentence)
{
    /// <summary>Part of the stored reason of a pause, which a host that knows the type ends by itself.</summary>
    public const string Sentence = "This version of the bank does not know its type.";
}
