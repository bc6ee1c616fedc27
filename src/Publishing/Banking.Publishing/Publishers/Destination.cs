using Banking.Publishing.Log;
using Banking.SharedKernel;

namespace Banking.Publishing.Publishers;

/// <summary>Somewhere that events are delivered to: a broker, a webhook endpoint, the modules of this bank.</summary>
public abstract class Destination : IAsyncDisposable
{
    /// <summary>Whether an event is for this destination at all.</summary>
    public virtual bool Wants(PublicEvent e) => true;

    /// <summary>
    /// Delivers events and returns when the other side has each of them for good. Those of one account arrive in order: of an account of
    /// which one was rejected, no later one is delivered. May deliver again what it delivered before; never skips.
    /// </summary>
    /// <param name="trouble">Told in plain words what is in the way while it still tries.</param>
    /// <returns>Those that the other side will not take, with why; the first of each account.</returns>
    /// <exception cref="DestinationUnavailableException">It is not there, or not well. Any number of the events may have
    /// arrived.</exception>
    public abstract Task<IReadOnlyList<Rejected>> DeliverAsync(
        IReadOnlyList<PublicEvent> events, Action<string> trouble, CancellationToken ct);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>A destination in the bank's own database: what it is given is stored in the transaction that also moves the lane on.</summary>
public interface ITransactionalDestination
{
    /// <summary>Stores the events and the lane's new place, both or neither.</summary>
    /// <param name="move">Queued on the session, moves the lane; it fails the transaction where another host has moved it.</param>
    Task StoreAsync(IReadOnlyList<PublicEvent> events, Marten.Internal.Operations.IStorageOperation move, CancellationToken ct);
}

/// <summary>An event that the other side will not take.</summary>
/// <param name="Cause">Why, in few words that are the same for all of its kind: what dead letters are grouped by.</param>
/// <param name="Detail">What was answered.</param>
public sealed record Rejected(PublicEvent Event, string Cause, string Detail);

/// <summary>The other side is not there, or not well. Nothing is recorded; the lane tries again from where it was.</summary>
public sealed class DestinationUnavailableException(string inPlainWords, Exception? inner = null) : Exception(inPlainWords, inner)
{
    /// <summary>The destination asks to be left alone until somebody lets it go on.</summary>
    public bool Parks { get; init; }

    /// <summary>How long it asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether it took something before: then this is the first failure, and not one more in a row.</summary>
    public bool Progressed { get; init; }
}

/// <summary>A destination as it is configured.</summary>
/// <param name="Name">Its name for ever: its place in the log is kept under it.</param>
/// <param name="Kind">kafka, rabbitmq, webhook, modules.</param>
/// <param name="From">Where a new one starts.</param>
/// <param name="Settings">All that it is opened with: another text is another destination to be opened.</param>
/// <param name="Open">Connects.</param>
public sealed record DestinationSpec(
    string Name, string Kind, StartPosition From, string Settings, Func<CancellationToken, Task<Destination>> Open)
{
    /// <summary>The setting that says where a new one starts; null where none does.</summary>
    public string? FromSetting { get; init; }

    public RetryPolicy RetryPolicy { get; init; } = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(15));
}

/// <summary>How a destination is treated that is not there, or not well.</summary>
/// <param name="First">How long it is left alone after the first failure; twice as long after each that follows.</param>
/// <param name="Longest">But no longer.</param>
/// <param name="Failures">After how many in a row it is left alone until somebody lets it go on; null for never.</param>
public sealed record RetryPolicy(TimeSpan First, TimeSpan Longest, int? Failures = null)
{
    public TimeSpan After(int failures) =>
        TimeSpan.FromMilliseconds(Math.Min(Longest.TotalMilliseconds, First.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30))));
}

/// <summary>Tells which destinations there are, whenever it is asked.</summary>
public interface IDestinationSource
{
    Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct);

    /// <summary>
    /// Puts away what is left of destinations that are no more. Asked by the one host that leads, with the names that it was told last.
    /// </summary>
    Task TidyAsync(IReadOnlyCollection<string> names, CancellationToken ct) => Task.CompletedTask;
}

/// <summary>Where a destination that is new starts in the log.</summary>
/// <param name="Position">After this position; null for the end of the log as it is then.</param>
public sealed record StartPosition(long? Position)
{
    public static StartPosition Beginning { get; } = new(0L);

    public static StartPosition Now { get; } = new((long?)null);

    /// <summary>"beginning", "now" or a position; the beginning where nothing is said.</summary>
    /// <param name="whose">The setting's section, for the error.</param>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static StartPosition Parse(string? text, string whose = "") =>
        text switch
        {
            null or "" or "beginning" => Beginning,
            "now" => Now,
            _ when Exact.TryNumber(text, out var position) => new(position),
            _ => throw new FormatException(
                $"{(whose.Length > 0 ? whose + ":From: " : "")}'{text}' is no place to start from: beginning, now or a position of the log."
            ),
        };
}
