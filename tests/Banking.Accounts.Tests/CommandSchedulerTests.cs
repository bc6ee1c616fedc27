using System.Diagnostics.CodeAnalysis;
using Banking.Commands.Groups;

namespace Banking.Accounts.Tests;

/// <summary>Which commands form the next group, and which wait for others.</summary>
public sealed class CommandSchedulerTests
{
    private const int Seed = 20261128;

    private readonly CommandScheduler<Command> _scheduler = new(c => c.Streams, c => c.Weight);

    [Fact]
    public void Commands_without_a_stream_in_common_with_a_running_group_start_in_parallel()
    {
        Add("a: 1 2", "b: 2 3");
        var first = Take();
        Add("c: 4", "d: 3", "e: 5 1");

        Assert.Equal("a b", Names(first));
        Assert.Equal("c", Names(Take()));
        Assert.Empty(Take());
        _scheduler.Free(first, []);
        Assert.Equal("d e", Names(Take()));
    }

    [Fact]
    public void No_command_overtakes_a_waiting_one_on_the_same_stream()
    {
        Add("a: 1");
        var first = Take();
        Add("b: 1 2", "c: 2", "d: 3");

        Assert.Equal("d", Names(Take()));
        _scheduler.Free(first, []);
        Assert.Equal("b c", Names(Take()));
    }

    [Fact]
    public void A_group_has_a_maximum_weight_and_a_heavier_command_runs_alone()
    {
        Add("a: 1", "b: 1", "c*9: 2", "d: 3", "e: 4");

        Assert.Equal("a b d", Names(_scheduler.Take(3)));
        Assert.Equal("c", Names(_scheduler.Take(3)));
        Assert.Equal("e", Names(_scheduler.Take(3)));
    }

    [Fact]
    public void Deferred_commands_run_before_later_ones()
    {
        Add("a: 1", "b: 2");
        var first = Take();
        Add("c: 2", "d: 1");
        _scheduler.Free(first, [first[1]]);

        Assert.Equal("b c d", Names(Take()));
    }

    [Fact]
    [SuppressMessage("Security", "CA5394", Justification = "The seed makes it repeatable.")]
    public void Running_groups_share_no_stream_and_each_stream_sees_its_commands_in_order()
    {
        var random = new Random(Seed);
        var running = new List<IReadOnlyList<Command>>();
        var done = new List<Command>();
        var commands = Enumerable
            .Range(0, 2_000)
            .Select(n => new Command(
                $"{n}", [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Stream(random.Next(40))).Distinct()], random.Next(1, 4)))
            .ToList();
        for (var next = 0; done.Count < commands.Count;)
        {
            switch (random.Next(3))
            {
                case 0 when next < commands.Count:
                    _scheduler.Add(commands[next++]);
                    break;
                case 1 when running.Count < 3 && _scheduler.Take(10) is { Count: > 0 } group:
                    Assert.DoesNotContain(running.SelectMany(g => g), c => group.Any(o => o.Streams.Overlaps(c.Streams)));
                    running.Add(group);
                    break;
                case 2 when running.Count > 0:
                    var ended = running[random.Next(running.Count)];
                    running.Remove(ended);
                    // Some are deferred, and with them the later commands on their streams.
                    var deferred = new List<Command>();
                    foreach (var command in ended)
                    {
                        (random.Next(10) == 0 || deferred.Any(d => d.Streams.Overlaps(command.Streams)) ? deferred : done).Add(command);
                    }

                    _scheduler.Free(ended, deferred);
                    break;
            }
        }

        Assert.Equal(0, _scheduler.Count);
        foreach (var stream in Enumerable.Range(0, 40).Select(Stream))
        {
            Assert.Equal(
                commands.Where(c => c.Streams.Contains(stream)).Select(c => c.Name),
                done.Where(c => c.Streams.Contains(stream)).Select(c => c.Name));
        }
    }

    /// <summary>"name: streams", or "name*weight: streams".</summary>
    private void Add(params string[] commands)
    {
        foreach (var parts in commands.Select(c => c.Split(": ")))
        {
            var name = parts[0].Split('*');
            _scheduler.Add(
                new(
                    name[0],
                    [.. parts[1].Split(' ').Select(n => Stream(int.Parse(n, null)))],
                    name.Length > 1 ? int.Parse(name[1], null) : 1));
        }
    }

    private IReadOnlyList<Command> Take() => _scheduler.Take(100);

    private static string Names(IReadOnlyList<Command> group) => string.Join(' ', group.Select(c => c.Name));

    private static Guid Stream(int n) => new(n, 0, 0, new byte[8]);

    private sealed record Command(string Name, HashSet<Guid> Streams, int Weight);
}
