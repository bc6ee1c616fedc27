namespace Banking.Publishing.Publishers;

/// <summary>A publisher as stored.</summary>
/// <param name="Position">The checkpoint: every event up to this position was delivered, or its account is blocked.</param>
/// <param name="Delivered">Events delivered so far.</param>
/// <param name="Epoch">Increases each time a host takes the publisher over.</param>
/// <param name="HeldTypes">Event types that are held.</param>
public sealed record PublisherRow(
    string Name,
    string Kind,
    long Position,
    long StartPosition,
    long Delivered,
    PublisherPause? Held,
    PublisherProblem? Problem,
    DateTimeOffset UpdatedAt,
    long Epoch,
    IReadOnlyList<string> HeldTypes);

/// <summary>A hold: publication is stopped until an operator releases it.</summary>
public sealed record PublisherPause(DateTimeOffset At, string By, string Reason);

/// <summary>The current problem of a publisher.</summary>
/// <param name="Attempts">Failed attempts in a row.</param>
public sealed record PublisherProblem(string Text, DateTimeOffset At, int Attempts);
