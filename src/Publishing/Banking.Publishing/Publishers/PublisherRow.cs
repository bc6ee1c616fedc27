namespace Banking.Publishing.Publishers;

/// <summary>A publisher as stored.</summary>
/// <param name="Position">The checkpoint: every event up to this position was delivered, or its account is blocked.</param>
/// <param name="Delivered">Events delivered so far.</param>
/// <param name="Epoch">Increases each time a host takes the publisher over.</param>
/// <param name="PausedTypes">Event types that are paused.</param>
public sealed record PublisherRow(
    string Name,
    string Kind,
    long Position,
    long StartPosition,
    long Delivered,
    PublisherPause? Pause,
    PublisherProblem? Problem,
    DateTimeOffset UpdatedAt,
    long Epoch,
    IReadOnlyList<string> PausedTypes);

/// <summary>A pause: publication is stopped until an operator releases it.</summary>
public sealed record PublisherPause(DateTimeOffset At, string By, string Reason);

/// <summary>The current problem of a publisher.</summary>
/// <param name="Attempts">Failed attempts in a row.</param>
public sealed record PublisherProblem(string Text, DateTimeOffset At, int Attempts);
