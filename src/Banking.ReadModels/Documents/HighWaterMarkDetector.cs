using Banking.EventStore.Log;
using JasperFx.Events.Daemon.HighWater;

namespace Banking.ReadModels.Documents;

/// <summary>
/// Gives Marten's daemon the high-water mark that this host knows already, so that the daemon does not query the database.
/// </summary>
internal sealed class HighWaterMarkDetector(HighWaterMark highWaterMark, Uri database) : IHighWaterDetector
{
    /// <summary>
    /// The last position that the daemon may project: right before an event that cannot be projected. Null if there is no such event.
    /// </summary>
    public long? Ceiling { get; set; }

    /// <summary>
    /// Up to this position this version knows every event type. The daemon polls on its own, so unchecked positions must not be visible to
    /// it.
    /// </summary>
    public long Checked { get; set; }

    /// <summary>The position that the projection may reach after the check of event types.</summary>
    public long Reachable => Math.Min(highWaterMark.Complete, Ceiling ?? long.MaxValue);

    /// <summary>The position up to which the projection may run now.</summary>
    public long Last => Math.Min(Checked, Reachable);

    public Uri DatabaseUri { get; } = database;

    public Task<HighWaterStatistics> Detect(CancellationToken token)
    {
        var last = Last;
        return Task.FromResult(
            new HighWaterStatistics
            {
                LastMark = last,
                CurrentMark = last,
                HighestSequence = last,
                SafeStartMark = last,
            });
    }

    public Task<HighWaterStatistics> DetectInSafeZone(CancellationToken token) => Detect(token);

    public Task<long> FetchCommittedHighWaterCeilingAsync(CancellationToken token) => Task.FromResult(Last);
}
