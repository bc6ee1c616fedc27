using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Publishing.Publishers;

// How the checkpoints of publishers are moved that have nothing to deliver.
internal sealed partial class PublisherScheduler
{
    /// <summary>The largest number of checkpoints moved by one statement. Publishers that are woken meanwhile wait for it.</summary>
    private const int MaxMoves = 1_000;

    /// <summary>
    /// The share of one processor that moves may take is bounded: a checkpoint costs PostgreSQL some 10 microseconds. With few publishers
    /// checkpoints follow the log at once, with 10,000 every four seconds.
    /// </summary>
    private static readonly TimeSpan IntervalPerMove = TimeSpan.FromMicroseconds(400);

    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Publishers whose checkpoints are still to be moved in this round.</summary>
    private readonly Queue<ScheduledPublisher> _moving = new();

    private long _movingTo;
    private int _moved;
    private long _nextRound;
    private bool _isLogRead;
    private int _isLogReadPosted;

    /// <summary>When the next checkpoints are to be moved.</summary>
    private long NextMove => _moving.Count > 0 ? 0 : _isLogRead ? _nextRound : long.MaxValue;

    private void OnLogRead()
    {
        if (Interlocked.Exchange(ref _isLogReadPosted, 1) == 0)
        {
            Post(() =>
            {
                Volatile.Write(ref _isLogReadPosted, 0);
                _isLogRead = true;
            });
        }
    }

    private async Task MoveCheckpointsAsync(CancellationToken ct)
    {
        if (_moving.Count == 0 && _isLogRead && _clock.GetTimestamp() >= _nextRound)
        {
            (_isLogRead, _moved, _movingTo) = (false, 0, subscriptions.Position);
            foreach (var publisher in _publishers.Values.Where(p => p.IsIdleAt(_movingTo)))
            {
                _moving.Enqueue(publisher);
            }
        }

        if (_moving.Count == 0)
        {
            return;
        }

        var chunk = new List<ScheduledPublisher>(Math.Min(MaxMoves, _moving.Count));
        while (chunk.Count < MaxMoves && _moving.TryDequeue(out var publisher))
        {
            if (publisher.IsIdleAt(_movingTo))
            {
                chunk.Add(publisher);
            }
        }

        _moved += chunk.Count;
        await TryMoveAsync(chunk, _movingTo, ct);
        var pause = IntervalPerMove * _moved;
        _nextRound = After(pause > MinInterval ? pause : MinInterval);
    }

    private async Task TryMoveAsync(List<ScheduledPublisher> publishers, long to, CancellationToken ct)
    {
        try
        {
            await MoveAsync(publishers, to, ct);
        }
        catch (Exception failure) when (IsOfDatabase(failure))
        {
            _logger.LogWarning(failure, "Cannot move the checkpoints of {Count} idle publishers; retrying", publishers.Count);
            _isLogRead = true;
        }
    }

    /// <summary>
    /// Moves checkpoints to a position. One that was not moved belongs to another host, was set by an operator, or is just being changed:
    /// its publisher is opened again.
    /// </summary>
    private async Task MoveAsync(IReadOnlyCollection<ScheduledPublisher> publishers, long to, CancellationToken ct)
    {
        foreach (var ofLog in publishers.GroupBy(p => p.Publisher.Log))
        {
            var moved = await checkpoints.MoveAsync([.. ofLog.Select(p => p.Publisher)], to, ofLog.Key, ct);
            foreach (var publisher in ofLog)
            {
                if (moved.Contains(publisher.Spec.Name))
                {
                    publisher.Publisher.CheckpointMovedTo(to);
                }
                else if (!publisher.IsStopping)
                {
                    Reopen(publisher, TimeSpan.Zero);
                }
            }
        }
    }

    private static bool IsOfDatabase(Exception failure) => failure is NpgsqlException or IOException or TimeoutException;
}
