using Banking.Publishing.Log;
using Banking.SharedKernel;

namespace Banking.Publishing.Publishers;

/// <summary>A receiver of published events: a message broker, a webhook endpoint, the modules of this bank.</summary>
public abstract class Destination : IAsyncDisposable
{
    /// <summary>Whether this destination receives an event that the filter of its <see cref="DestinationSpec"/> takes.</summary>
    public virtual bool Wants(PublicEvent e) => true;

    /// <summary>
    /// Delivers events and returns when the receiver has stored each of them. The events of one account arrive in order: after a rejected
    /// event no later one of its account is delivered. An event may be delivered twice, and none is skipped.
    /// </summary>
    /// <param name="reportProblem">Called with a description of a problem while the delivery is still being tried.</param>
    /// <returns>The rejected events with the cause; at most the first of each account.</returns>
    /// <exception cref="DestinationUnavailableException">The destination is unavailable. Any number of the events may have
    /// arrived.</exception>
    public abstract Task<IReadOnlyList<Rejected>> DeliverAsync(
        IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>A destination in the bank's own database: events are stored in the transaction that moves the checkpoint.</summary>
public interface ITransactionalDestination
{
    /// <summary>Stores the events and the new checkpoint in one transaction.</summary>
    /// <param name="move">The move of the checkpoint, to be queued on the session. It fails the transaction if another host has moved the
    /// checkpoint.</param>
    Task StoreAsync(IReadOnlyList<PublicEvent> events, Marten.Internal.Operations.IStorageOperation move, CancellationToken ct);
}

/// <summary>An event that the receiver rejects.</summary>
/// <param name="Cause">The cause in a few words, the same for all rejections of its kind: dead letters are grouped by it.</param>
/// <param name="Detail">The receiver's answer.</param>
public sealed record Rejected(PublicEvent Event, string Cause, string Detail);

/// <summary>The destination is unavailable. Nothing is recorded; the publisher retries from its checkpoint.</summary>
public sealed class DestinationUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the destination must be paused until an operator releases it.</summary>
    public bool RequiresPause { get; init; }

    /// <summary>The delay before the next attempt that the destination asked for.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether it took at least one event in this delivery: then this failure starts a new series of failures.</summary>
    public bool HasProgressed { get; init; }
}

/// <summary>A configured destination.</summary>
/// <param name="Name">Its permanent name: its checkpoint is stored under it.</param>
/// <param name="Kind">kafka, rabbitmq, webhook, modules.</param>
/// <param name="From">Where a new destination starts.</param>
/// <param name="Settings">The settings it is opened with, as one text: when the text changes, the destination is opened again.</param>
/// <param name="Open">Connects to the destination.</param>
public sealed record DestinationSpec(
    string Name, string Kind, StartPosition From, string Settings, Func<CancellationToken, Task<Destination>> Open)
{
    /// <summary>The setting that names the start of a new destination; null if there is no such setting.</summary>
    public string? FromSetting { get; init; }

    /// <summary>Whether it had other settings before: what only those needed may be stored still.</summary>
    public bool HadOtherSettings { get; init; }

    /// <summary>Makes a copy for another publisher, without what the destinations that were opened for this one remember.</summary>
    public Func<DestinationSpec>? Renew { get; init; }

    /// <summary>The events that it may want. While the log has none, the destination costs nothing.</summary>
    public EventFilter Filter { get; init; } = EventFilter.All;

    /// <summary>Which of these it receives.</summary>
    public Func<PublicEvent, bool> Wants { get; init; } = _ => true;

    public RetryPolicy RetryPolicy { get; init; } = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(15));
}

/// <summary>How often an unavailable destination is retried.</summary>
/// <param name="FirstDelay">The delay after the first failure; it doubles with each further failure.</param>
/// <param name="MaxDelay">The largest delay.</param>
/// <param name="MaxFailures">The number of failures in a row after which the destination is paused until an operator releases it; null for
/// no limit.</param>
public sealed record RetryPolicy(TimeSpan FirstDelay, TimeSpan MaxDelay, int? MaxFailures = null)
{
    /// <param name="requested">The delay that the destination asked for: it lengthens the delay, and never shortens it.</param>
    public TimeSpan DelayAfter(int failures, TimeSpan? requested = null) =>
        Backoff(failures) is var delay && requested > delay ? requested.Value : delay;

    private TimeSpan Backoff(int failures) =>
        TimeSpan.FromMilliseconds(Math.Min(
            MaxDelay.TotalMilliseconds, FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30))));
}

/// <summary>Lists the destinations of one kind.</summary>
public interface IDestinationSource
{
    /// <summary>Lists all destinations.</summary>
    Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct);

    /// <summary>
    /// Lists all destinations again. The leading host asks every second and after each change, so a source with many destinations reads
    /// only the changed ones.
    /// </summary>
    /// <param name="last">The last list, to be returned if nothing has changed.</param>
    /// <param name="changed">Streams of webhooks and destinations that have new events.</param>
    Task<IReadOnlyList<DestinationSpec>> ListAsync(
        IReadOnlyList<DestinationSpec> last, IReadOnlyCollection<Guid> changed, CancellationToken ct) => ListAsync(ct);

    /// <summary>Returns those of the names that destinations of this source have.</summary>
    async Task<IReadOnlyList<string>> FindNamesAsync(IReadOnlyCollection<string> names, CancellationToken ct) =>
        [.. (await ListAsync(ct)).Select(s => s.Name).Intersect(names)];

    /// <summary>
    /// Deletes what is stored for destinations that no longer exist, or that former settings of a destination needed. Called by the leading
    /// host.
    /// </summary>
    /// <param name="names">The destinations that exist.</param>
    Task CleanUpAsync(IReadOnlyCollection<string> names, CancellationToken ct) => Task.CompletedTask;
}

/// <summary>Where a new destination starts in the log.</summary>
/// <param name="Position">Events after this position are delivered; null for the end of the log at the time of the first start.</param>
public sealed record StartPosition(long? Position)
{
    public static StartPosition Beginning { get; } = new(0L);

    public static StartPosition Now { get; } = new((long?)null);

    /// <summary>"beginning", "now" or a position; the beginning if the text is empty.</summary>
    /// <param name="section">The section of the setting, for the error message.</param>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static StartPosition Parse(string? text, string section = "") =>
        text switch
        {
            null or "" or "beginning" => Beginning,
            "now" => Now,
            _ when Exact.TryNumber(text, out var position) => new(position),
            _ => throw new FormatException(
                (section.Length > 0 ? section + ":From: " : "")
                + $"'{text}' is not a start position; give beginning, now or a position of the log."),
        };
}
