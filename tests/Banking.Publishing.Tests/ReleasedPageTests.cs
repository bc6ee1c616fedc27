using Banking.Publishing.Log;
using Banking.Publishing.Publishers;

namespace Banking.Publishing.Tests;

/// <summary>What becomes of the events of a released account, and of a released stream that stores events about an account.</summary>
public sealed class ReleasedPageTests
{
    private static readonly Guid Account = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Statements = new("00000000-0000-0000-0000-000000000002");

    [Fact]
    public void An_unreadable_event_of_another_stream_blocks_that_stream_and_not_the_account()
    {
        var page = Release(Account, [], Own(1), Unreadable(2), About(3), Own(4));

        Assert.Equal([1, 4], Positions(page.Due));
        Assert.Equal([2], Positions(page.Separate));
        Assert.Null(page.Blocking);
    }

    [Fact]
    public void What_waits_behind_another_stream_is_left_out_and_what_is_before_that_is_delivered()
    {
        var page = Release(Account, new() { [Statements] = 3 }, Own(1), About(2), Unreadable(3), Own(4), About(5));

        Assert.Equal([1, 2, 4], Positions(page.Due));
        Assert.Empty(page.Separate);
    }

    [Fact]
    public void An_unreadable_event_before_the_one_that_blocks_its_stream_blocks_the_account()
    {
        var page = Release(Account, new() { [Statements] = 5 }, Own(1), Unreadable(2), Own(3), About(5));

        Assert.Equal((1, 2), (Assert.Single(page.Due).Position, page.Blocking!.Position));
    }

    [Fact]
    public void A_released_stream_ends_where_its_account_is_blocked()
    {
        var page = Release(Statements, new() { [Account] = 3 }, About(2), About(4));

        Assert.Equal((2, Account), (Assert.Single(page.Due).Position, page.WaitsFor));
    }

    [Fact]
    public void The_first_event_of_a_paused_type_ends_the_page()
    {
        var page = ReleasedPage.Of(Account, [Own(1), About(2), Own(3)], new Dictionary<Guid, long>(), ["about"]);

        Assert.Equal((1, 2), (Assert.Single(page.Due).Position, page.Blocking!.Position));
    }

    private static ReleasedPage Release(Guid stream, Dictionary<Guid, long> blocked, params PublicEvent[] events) =>
        ReleasedPage.Of(stream, events, blocked, []);

    private static long[] Positions(IEnumerable<PublicEvent> events) => [.. events.Select(e => e.Position)];

    private static PublicEvent Own(long position) => Event("own", Account, Account, position);

    private static PublicEvent About(long position) => Event("about", Account, Statements, position);

    /// <summary>An event of the statements; which account it is about is not known.</summary>
    private static PublicEvent Unreadable(long position) => Event("about", Statements, Statements, position) with
    {
        Unreadable = new(position, Statements, "about", new InvalidOperationException("spoiled")),
    };

    private static PublicEvent Event(string type, Guid stream, Guid storedIn, long position) =>
        new($"evt_{position}", type, stream, "", DateTimeOffset.UnixEpoch, null, null, position, "") { Epoch = "", StoredIn = storedIn };
}
