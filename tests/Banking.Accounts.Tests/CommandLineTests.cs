using System.Diagnostics.CodeAnalysis;
using Banking.Platform.Commands;

namespace Banking.Accounts.Tests;

/// <summary>Who may go at once with what is at work, and who waits for whom.</summary>
public sealed class CommandLineTests
{
    private const int Seed = 20261128;

    private readonly CommandLine<Command> _line = new(c => c.Streams, c => c.Weight);

    [Fact]
    public void Those_without_a_stream_in_common_with_a_group_at_work_go_beside_it()
    {
        Come("a: 1 2", "b: 2 3");
        var first = Take();
        Come("c: 4", "d: 3", "e: 5 1");

        Assert.Equal("a b", Names(first));
        Assert.Equal("c", Names(Take()));
        Assert.Empty(Take());
        _line.Free(first, []);
        Assert.Equal("d e", Names(Take()));
    }

    [Fact]
    public void Nobody_overtakes_one_that_waits_for_the_same_stream()
    {
        Come("a: 1");
        var first = Take();
        Come("b: 1 2", "c: 2", "d: 3");

        Assert.Equal("d", Names(Take()));
        _line.Free(first, []);
        Assert.Equal("b c", Names(Take()));
    }

    [Fact]
    public void A_group_has_a_largest_weight_and_one_that_is_heavier_goes_alone()
    {
        Come("a: 1", "b: 1", "c*9: 2", "d: 3", "e: 4");

        Assert.Equal("a b d", Names(_line.Take(3)));
        Assert.Equal("c", Names(_line.Take(3)));
        Assert.Equal("e", Names(_line.Take(3)));
    }

    [Fact]
    public void Those_that_stood_back_go_before_all_that_came_later()
    {
        Come("a: 1", "b: 2");
        var first = Take();
        Come("c: 2", "d: 1");
        _line.Free(first, [first[1]]);

        Assert.Equal("b c d", Names(Take()));
    }

    [Fact]
    [SuppressMessage("Security", "CA5394", Justification = "It is repeated by its seed.")]
    public void However_they_come_and_go_groups_at_work_are_apart_and_each_stream_sees_its_commands_in_order()
    {
        var random = new Random(Seed);
        var atWork = new List<IReadOnlyList<Command>>();
        var done = new List<Command>();
        var coming = Enumerable
            .Range(0, 2_000)
            .Select(n => new Command(
                $"{n}", [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Stream(random.Next(40))).Distinct()], random.Next(1, 4)))
            .ToList();
        for (var come = 0; done.Count < coming.Count;)
        {
            switch (random.Next(3))
            {
                case 0 when come < coming.Count:
                    _line.Add(coming[come++]);
                    break;
                case 1 when atWork.Count < 3 && _line.Take(10) is { Count: > 0 } group:
                    Assert.DoesNotContain(atWork.SelectMany(g => g), c => group.Any(o => o.Streams.Overlaps(c.Streams)));
                    atWork.Add(group);
                    break;
                case 2 when atWork.Count > 0:
                    var ended = atWork[random.Next(atWork.Count)];
                    atWork.Remove(ended);
                    // Some stand back, and what comes after them on their streams with them.
                    var again = new List<Command>();
                    foreach (var command in ended)
                    {
                        (random.Next(10) == 0 || again.Any(a => a.Streams.Overlaps(command.Streams)) ? again : done).Add(command);
                    }

                    _line.Free(ended, again);
                    break;
            }
        }

        Assert.Equal(0, _line.Count);
        foreach (var stream in Enumerable.Range(0, 40).Select(Stream))
        {
            Assert.Equal(
                coming.Where(c => c.Streams.Contains(stream)).Select(c => c.Name),
                done.Where(c => c.Streams.Contains(stream)).Select(c => c.Name));
        }
    }

    /// <summary>"name: streams", or "name*weight: streams".</summary>
    private void Come(params string[] commands)
    {
        foreach (var parts in commands.Select(c => c.Split(": ")))
        {
            var name = parts[0].Split('*');
            _line.Add(
                new(
                    name[0],
                    [.. parts[1].Split(' ').Select(n => Stream(int.Parse(n, null)))],
                    name.Length > 1 ? int.Parse(name[1], null) : 1));
        }
    }

    private IReadOnlyList<Command> Take() => _line.Take(100);

    private static string Names(IReadOnlyList<Command> group) => string.Join(' ', group.Select(c => c.Name));

    private static Guid Stream(int n) => new(n, 0, 0, new byte[8]);

    private sealed record Command(string Name, HashSet<Guid> Streams, int Weight);
}
