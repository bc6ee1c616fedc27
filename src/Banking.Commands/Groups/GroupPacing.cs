namespace Banking.Commands.Groups;

/// <summary>
/// When a further group is worth beginning beside those at work. Each has its price whatever its size (three round trips, a commit), so one
/// that is smaller than the smallest at work would only make all of them smaller: it waits until as many wait, or one is over. LookupDocuments other
/// hosts, whose groups are not seen, the last one of this host stands for one of theirs, for as long as it took.
/// </summary>
/// <remarks>
/// Sizes are of units: a batch counts as one, or whoever comes beside it would wait for its end. On a host by itself with nothing at work,
/// nothing waits for company.
/// </remarks>
public sealed class GroupPacing(TimeProvider clock)
{
    /// <summary>A group that takes longer is not what this is about: it waits for a lock, or for the disk.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(20);

    private readonly List<Group> _atWork = [];
    private (int Size, TimeSpan Took, long Over) _last;

    public Group Begin(int size)
    {
        var group = new Group(size, clock.GetTimestamp());
        _atWork.Add(group);
        return group;
    }

    public void End(Group group)
    {
        ArgumentNullException.ThrowIfNull(group);
        _atWork.Remove(group);
        _last = (group.Size, clock.GetElapsedTime(group.Begun), clock.GetTimestamp());
    }

    /// <summary>
    /// How long those who wait should wait for more of them, if no group ends meanwhile; zero when a group is worth beginning.
    /// </summary>
    /// <param name="waiting">Those that may go: who wants what is at work waits for that.</param>
    public TimeSpan RetryPolicy(int waiting, bool besideOthers)
    {
        var (smallest, left) = (int.MaxValue, TimeSpan.Zero);
        foreach (var group in _atWork)
        {
            (smallest, left) = group.Size < smallest ? (group.Size, Longest - clock.GetElapsedTime(group.Begun)) : (smallest, left);
        }

        var theirs = (_last.Took < Longest ? _last.Took : Longest) - clock.GetElapsedTime(_last.Over);
        if (besideOthers && theirs > TimeSpan.Zero && _last.Size < smallest)
        {
            (smallest, left) = (_last.Size, theirs);
        }

        // In whole milliseconds: a timer knows no less, and would be over at once.
        return waiting == 0 || waiting >= smallest || left <= TimeSpan.Zero
            ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds));
    }

    /// <summary>A group at work.</summary>
    public sealed class Group(int size, long begun)
    {
        public int Size => size;

        public long Begun => begun;
    }
}
