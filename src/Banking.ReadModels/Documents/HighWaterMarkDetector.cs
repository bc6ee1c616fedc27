using Banking.EventStore.Log;
using JasperFx.Events.Daemon.HighWater;

namespace Banking.ReadModels.Documents;

/// <summary>Tells Marten's daemon the high-water mark that this host has already found: the daemon asks the database nothing.</summary>
internal sealed class HighWaterMarkDetector(HighWaterMark mark, Uri database) : IHighWaterDetector
{
    /// <summary>
    /// The daemon goes no further than this: right before an event that cannot be projected. Null where nothing holds it.
    /// </summary>
    public long? Ceiling { get; set; }

    /// <summary>
    /// Up to here every event is of a type that this version knows. The daemon asks by itself, so what was not looked at yet it must not be
    /// told.
    /// </summary>
    public long Checked { get; set; }

    /// <summary>Where the projection could go, once that is checked.</summary>
    public long Reachable => Math.Min(mark.Complete, Ceiling ?? long.MaxValue);

    /// <summary>Up to here the projection may go.</summary>
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
