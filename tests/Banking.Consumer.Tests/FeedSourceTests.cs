using System.Net;
using System.Text;
using Banking.Consumer.Sources;

namespace Banking.Consumer.Tests;

public sealed class FeedSourceTests : IDisposable
{
    private readonly FakeBank _bank = new();

    [Fact]
    public async Task It_reads_pages_until_it_has_caught_up_and_then_the_stream()
    {
        _bank.Page("2", "{\"n\":1}"u8.ToArray(), "{\"n\":2}"u8.ToArray()).Page("3", "{\"n\":3}"u8.ToArray()).Page("3")
            .Stream("retry: 1\n\n: still here\n\nid: 4\nevent: t\ndata: {\"n\":4}\n\n");

        Assert.Equal(["{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}"], await TakeAsync(4));

        Assert.Equal(
            [
                "/v1/feed?after=0&limit=500",
                "/v1/feed?after=2&limit=500",
                "/v1/feed?after=3&limit=500",
                "/v1/feed as text/event-stream after 3",
            ],
            _bank.Asked);
    }

    [Fact]
    public async Task A_broken_stream_is_resumed_after_the_last_event()
    {
        _bank.Page("0").Broken("retry: 1\n\nid: 7\nevent: t\ndata: {\"n\":7}\n\nid: 8\nevent: t\nda")
            .Page("8", "{\"n\":8}"u8.ToArray()).Page("8").Stream("retry: 1\n\nid: 9\nevent: t\ndata: {\"n\":9}\n\n");

        Assert.Equal(["{\"n\":7}", "{\"n\":8}", "{\"n\":9}"], await TakeAsync(3));

        Assert.Contains("/v1/feed?after=7&limit=500", _bank.Asked);
    }

    [Fact]
    public async Task An_unacknowledged_event_is_delivered_again()
    {
        _bank.Page("0").Stream("retry: 1\n\nid: 7\nevent: t\ndata: {\"n\":7}\n\n").Page("7", "{\"n\":7}"u8.ToArray());

        Assert.Equal(["{\"n\":7}", "{\"n\":7}"], await TakeAsync(2, acknowledge: false));

        Assert.Equal("/v1/feed?after=0&limit=500", _bank.Asked.Last());
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task Requests_to_a_busy_bank_are_repeated(HttpStatusCode busy)
    {
        _bank.Status(busy).Page("1", "{\"n\":1}"u8.ToArray());

        Assert.Equal(["{\"n\":1}"], await TakeAsync(1));
    }

    [Fact]
    public async Task A_refused_request_is_not_repeated()
    {
        _bank.Status(HttpStatusCode.Forbidden);

        await Assert.ThrowsAsync<HttpRequestException>(() => TakeAsync(1));
    }

    [Fact]
    public async Task It_resumes_with_the_epoch_of_its_position_and_stops_where_the_bank_has_another_one()
    {
        _bank.PageOfEpoch("a", "2", "{\"n\":1}"u8.ToArray()).PageOfEpoch("a", "2").Broken("id: a:7\nevent: t\ndata: {\"n\":7}\n\n")
            .Problem(HttpStatusCode.Conflict, "The epoch is b now.");

        var restored = await Assert.ThrowsAsync<LogRestoredException>(() => TakeAsync(3));

        Assert.Contains("The epoch is b now.", restored.Message, StringComparison.Ordinal);
        Assert.Equal(
            [
                "/v1/feed?after=0&limit=500",
                "/v1/feed?after=2&epoch=a&limit=500",
                "/v1/feed as text/event-stream after a:2",
                "/v1/feed?after=7&epoch=a&limit=500",
            ],
            _bank.Asked);
    }

    public void Dispose() => _bank.Dispose();

    private async Task<List<string>> TakeAsync(int count, bool acknowledge = true)
    {
        using var http = _bank.Client();
        List<string> taken = [];
        // Take ends the enumeration early, as a caller can.
        await foreach (var delivery in new FeedSource(http, TimeProvider.System).ReadAsync(CancellationToken.None).Take(count))
        {
            taken.Add(Encoding.UTF8.GetString(delivery.Body.Span));
            if (acknowledge)
            {
                await delivery.AcknowledgeAsync();
            }
        }

        return taken;
    }
}
