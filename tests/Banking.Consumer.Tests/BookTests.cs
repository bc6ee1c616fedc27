namespace Banking.Consumer.Tests;

public sealed class BookTests
{
    private readonly Book _book = new();

    [Fact]
    public void Events_in_order_are_new_and_are_added()
    {
        Assert.Equal([Arrival.New, Arrival.New, Arrival.New], Take(Opened(1), Moved(2, 1, 12.50m), Moved(5, 2, -2.25m)));

        Assert.Equal(
            new AccountState("acc_a", new Money(10.25m, "EUR"), Complete: true, First: 1, Last: 5, Events: 3),
            Assert.Single(_book.Accounts));
    }

    [Fact]
    public void An_earlier_event_is_a_duplicate_and_changes_nothing()
    {
        Assert.Equal(
            [Arrival.New, Arrival.New, Arrival.Duplicate, Arrival.Duplicate], Take(Opened(1), Moved(2, 1, 5m), Opened(1), Moved(2, 1, 5m)));

        Assert.Equal((4, 2, 2, 5m), (_book.Received, _book.Applied, _book.Duplicates, Balance));
    }

    [Fact]
    public void After_a_missing_event_later_ones_wait_and_the_gap_is_known()
    {
        Assert.Equal(
            [Arrival.New, Arrival.Gap, Arrival.New, Arrival.Gap],
            [.. Take(Opened(1), Moved(4, 3, 1m)), .. Take(Opened(1, "acc_b")), .. Take(Moved(9, 7, 1m))]);

        Assert.Equal([new Gap("acc_a", 1, 3), new Gap("acc_a", 4, 7)], _book.Gaps);
        Assert.Equal((0m, 2), (Balance, _book.Waiting));
    }

    [Fact]
    public void A_series_without_its_beginning_has_a_gap()
    {
        Take(Moved(2, 1, 1m));

        Assert.Equal([new Gap("acc_a", null, 1)], _book.Gaps);
    }

    [Fact]
    public void A_missing_event_that_arrives_is_an_inversion_and_waiting_ones_are_applied()
    {
        Assert.Equal(
            [Arrival.New, Arrival.Gap, Arrival.Duplicate, Arrival.Gap, Arrival.Inversion],
            Take(Opened(1), Moved(3, 2, 1m), Moved(3, 2, 1m), Moved(4, 3, 1m), Moved(2, 1, 1m)));

        Assert.Empty(_book.Gaps);
        Assert.Equal((3m, 0, 1), (Balance, _book.Waiting, _book.Inversions));
    }

    [Fact]
    public void A_late_event_that_has_to_wait_is_an_inversion_too()
    {
        Assert.Equal(Arrival.Inversion, Take(Opened(1), Moved(4, 3, 1m), Moved(3, 2, 1m)).Last());

        Assert.Equal([new Gap("acc_a", 1, 2)], _book.Gaps);
    }

    [Fact]
    public void An_event_of_an_unknown_type_keeps_its_position()
    {
        Take(Opened(1), new("evt_2", "banking.account.something-new.v1", new("acc_a", 2, 1), null));

        Assert.Equal(Arrival.New, Take(Moved(3, 2, 1m)).Single());
    }

    [Fact]
    public void Events_without_a_position_are_deduplicated_by_id()
    {
        var refused = new BankEvent("evt_9", "banking.transfer.refused.v1", null, null);

        Assert.Equal([Arrival.New, Arrival.Duplicate, Arrival.New], Take(refused, refused, refused with { Id = "evt_10" }));
    }

    [Fact]
    public void An_account_that_is_older_than_its_published_events_is_incomplete()
    {
        Take(Moved(201, null, 7m), Moved(202, 201, 1m));

        Assert.Equal(
            new AccountState("acc_a", new Money(8m, "EUR"), Complete: false, First: 201, Last: 202, Events: 2),
            Assert.Single(_book.Accounts));
    }

    [Fact]
    public void An_event_that_contradicts_the_series_is_refused()
    {
        Take(Opened(1), Moved(3, 1, 1m), Moved(8, 7, 1m));

        Assert.Throws<FormatException>(() => Take(Moved(4, 2, 1m)));
        Assert.Throws<FormatException>(() => Take(Moved(4, null, 1m)));
        Assert.Throws<FormatException>(() => Take(Moved(9, 7, 1m)));
        Assert.Throws<FormatException>(() => Take(Moved(4, 3, 1m) with { Effect = new Money(1m, "CZK") }));
        Assert.Equal(1m, Balance);
    }

    private decimal? Balance => _book.Accounts.First().Balance?.Value;

    private static BankEvent Opened(long version, string account = "acc_a") =>
        new($"evt_{version}", "banking.account.account-opened.v1", new(account, version, null), new Money(0m, "EUR"));

    private static BankEvent Moved(long version, long? previous, decimal amount) =>
        new($"evt_{version}", "banking.account.money-deposited.v1", new("acc_a", version, previous), new Money(amount, "EUR"));

    private List<Arrival> Take(params BankEvent[] events) => [.. events.Select(_book.Take)];
}
