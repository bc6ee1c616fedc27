using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Banking.Consumer.Tests;

/// <summary>A bank that answers requests with queued answers, and records the requests.</summary>
internal sealed class FakeBank : HttpMessageHandler
{
    private readonly Queue<Func<HttpResponseMessage>> _answers = new();

    /// <summary>Path, accepted type and Last-Event-ID of each request.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Answers by path, for requests in no particular order.</summary>
    public Dictionary<string, string> ByPath { get; } = [];

    public HttpClient Client() => new(this) { BaseAddress = new("http://bank.example") };

    public FakeBank Page(string nextCursor, params IEnumerable<byte[]> items) => PageOfEpoch(null, nextCursor, items);

    public FakeBank PageOfEpoch(string? epoch, string nextCursor, params IEnumerable<byte[]> items) =>
        Answer(() =>
            Text(
                $$"""{"items":[{{string.Join(',', items.Select(Encoding.UTF8.GetString))}}],"nextCursor":"{{nextCursor}}"{{(
                    epoch is null ? "" : $",\"epoch\":\"{epoch}\"")}}}""",
                "application/json"));

    public FakeBank Problem(HttpStatusCode status, string detail) =>
        Answer(() => new(status) { Content = new StringContent($$"""{"detail":"{{detail}}"}""") });

    public FakeBank Stream(string text) => Answer(() => Text(text, "text/event-stream"));

    /// <summary>A stream that breaks after a text.</summary>
    public FakeBank Broken(string text) => Answer(() => new(HttpStatusCode.OK) { Content = new StreamContent(new BrokenStream(text)) });

    public FakeBank Status(HttpStatusCode status) => Answer(() => new(status));

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.PathAndQuery;
        if (ByPath.Count > 0)
        {
            return Task.FromResult(ByPath.TryGetValue(path, out var text) ? Text(text, "application/json") : new(HttpStatusCode.NotFound));
        }

        var resumed = request.Headers.TryGetValues("Last-Event-ID", out var ids) ? " after " + ids.Single() : "";
        Asked.Add(path + (request.Headers.Accept.Count > 0 ? " as " + request.Headers.Accept : "") + resumed);
        return _answers.TryDequeue(out var answer) ? Task.FromResult(answer()) : Forever(cancellationToken);
    }

    private static async Task<HttpResponseMessage> Forever(CancellationToken cancellation)
    {
        await new TaskCompletionSource().Task.WaitAsync(cancellation);
        throw new InvalidOperationException("Nothing ends this but the cancellation.");
    }

    private static HttpResponseMessage Text(string text, string type) =>
        new(HttpStatusCode.OK) { Content = new StringContent(text, new MediaTypeHeaderValue(type)) };

    private FakeBank Answer(Func<HttpResponseMessage> answer)
    {
        _answers.Enqueue(answer);
        return this;
    }

    private sealed class BrokenStream(string text) : MemoryStream(Encoding.UTF8.GetBytes(text))
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var read ? read : throw new IOException("The connection broke.");
    }
}
