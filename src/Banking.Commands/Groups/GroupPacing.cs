namespace Banking.Commands.Groups;

/// <summary>
/// Decides when to start a further group. A group starts when it is at least as large as the smallest running group; immediately if none
/// runs. Each group has a fixed cost (three round trips and a commit), so a smaller one would only make all of them smaller. Where other
/// hosts use the same streams, the last group of this host stands for one of theirs, for as long as it took.
/// </summary>
/// <remarks>
/// Sizes count units: a batch counts as one, or all later commands would wait for its end. On a single host with no running group nothing
/// waits.
/// </remarks>
public sealed class GroupPacing(TimeProvider clock)
{
    /// <summary>A group that runs longer waits for a lock or for the disk, and no longer delays others.</summary>
    public static readonly TimeSpan MaxGroupTime = TimeSpan.FromMilliseconds(20);

    private readonly List<Group> _running = [];
    private (int Size, TimeSpan Took, long EndedAt) _last;

    public Group Begin(int size)
    {
        var group = new Group(size, clock.GetTimestamp());
        _running.Add(group);
        return group;
    }

    public void End(Group group)
    {
        _running.Remove(group);
        _last = (group.Size, clock.GetElapsedTime(group.Begun), clock.GetTimestamp());
    }

    /// <summary>How long to collect waiting units before a group starts, if no group ends meanwhile; zero to start now.</summary>
    /// <param name="waiting">Number of units that are ready. Units that wait for the streams of a running group do not count.</param>
    public TimeSpan StartDelay(int waiting, bool isContended)
    {
        var (smallest, left) = (int.MaxValue, TimeSpan.Zero);
        foreach (var group in _running)
        {
            (smallest, left) = group.Size < smallest ? (group.Size, MaxGroupTime - clock.GetElapsedTime(group.Begun)) : (smallest, left);
        }

        var leftOfOthers = (_last.Took < MaxGroupTime ? _last.Took : MaxGroupTime) - clock.GetElapsedTime(_last.EndedAt);
        if (isContended && leftOfOthers > TimeSpan.Zero && _last.Size < smallest)
        {
            (smallest, left) = (_last.Size, leftOfOthers);
        }

        // In whole milliseconds, the resolution of timers: a shorter delay would end at once.
        return waiting == 0 || waiting >= smallest || left <= TimeSpan.Zero
            ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds));
    }

    /// <summary>A running group.</summary>
    public sealed class Group(int size, long begun)
    {
        public int Size => size;

        public long Begun => begun;
    }
}
