using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Banking.Publishing.Log;
using Banking.SharedKernel;

namespace Banking.Publishing.Webhooks;

/// <summary>What came of one request.</summary>
/// <param name="Status">What it answered with; null where no answer came.</param>
/// <param name="Text">The beginning of the answer, or why none came.</param>
public sealed record WebhookAnswer(int? Status, string Text, TimeSpan? RetryAfter, TimeSpan Took)
{
    public bool IsTaken => Status is >= 200 and < 300;

    /// <summary>In few words, the same for all of its kind.</summary>
    public string InShort => Status is { } status ? string.Create(CultureInfo.InvariantCulture, $"answered {status}") : Text;
}

/// <summary>
/// Sends signed requests to endpoints nobody here knows: they get no cookie, no redirect and no trace of this bank, and are believed
/// nothing.
/// </summary>
public sealed class WebhookClient : IDisposable
{
    private const int MaxOfAnswer = 1_024;

    private readonly HttpMessageInvoker _http;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;

    public WebhookClient(AddressGuard guard, WebhookSettings settings, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(guard);
        ArgumentNullException.ThrowIfNull(settings);
        (_timeout, _clock) = (TimeSpan.FromSeconds(settings.TimeoutSeconds), clock);
        _http = new(new SocketsHttpHandler
        {
            ConnectCallback = guard.ConnectAsync,
            AllowAutoRedirect = false,
            UseCookies = false,
            // A proxy would connect for us, to wherever a name leads.
            UseProxy = false,
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
            MaxResponseHeadersLength = 16,
            // A name may lead elsewhere by then.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        });
    }

    /// <summary>One request. Whatever the endpoint does is an answer.</summary>
    internal async Task<WebhookAnswer> SendAsync(
        Uri url, string id, ReadOnlyMemory<byte> body, IReadOnlyList<WebhookSecret> secrets, CancellationToken ct)
    {
        var now = _clock.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(PublicEvent.ContentType);
        request.Headers.UserAgent.ParseAdd("Banking-Webhooks/1.0");
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", string.Join(' ', secrets.Select(s => s.Sign(id, now, body.Span))));
        var began = _clock.GetTimestamp();
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(_timeout);
        try
        {
            using var response = await _http.SendAsync(request, late.Token);
            // Taken is taken, whatever becomes of the rest of the answer.
            var text = response.IsSuccessStatusCode ? "" : await BeginningAsync(response, late.Token);
            return new((int)response.StatusCode, text, RetryAfter(response, now), _clock.GetElapsedTime(began));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new(null, $"no answer within {_timeout.TotalSeconds:0} seconds", null, _clock.GetElapsedTime(began));
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            return new(
                null,
                PlainText.Escaped((failure.InnerException is IOException cause ? cause : failure).Message),
                null,
                _clock.GetElapsedTime(began));
        }
    }

    public void Dispose() => _http.Dispose();

    private static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > now ? date - now : TimeSpan.Zero,
        _ => null,
    };

    private static async Task<string> BeginningAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var bytes = new byte[MaxOfAnswer];
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        return PlainText.Escaped(
            Encoding.UTF8.GetString(bytes, 0, await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct)));
    }
}
