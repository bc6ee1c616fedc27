using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Banking.Publishing.Log;
using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>The result of one request.</summary>
/// <param name="Status">The status of the answer; null without an answer.</param>
/// <param name="Text">The beginning of the answer, or the reason why there was none.</param>
public sealed record WebhookAnswer(int? Status, string Text, TimeSpan? RetryAfter, TimeSpan Took)
{
    public bool IsTaken => Status is >= 200 and < 300;

    /// <summary>A short text, the same for all answers of its kind.</summary>
    public string ShortText => Status is { } status ? string.Create(CultureInfo.InvariantCulture, $"answered {status}") : Text;
}

/// <summary>
/// Sends signed requests to untrusted endpoints. Requests carry no cookies and no trace context, and redirects are not followed.
/// </summary>
public sealed class WebhookClient : IDisposable
{
    private const int MaxAnswerBytes = 1_024;

    private readonly HttpMessageInvoker _http;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;

    public WebhookClient(AddressGuard guard, WebhookSettings settings, TimeProvider clock)
    {
        (_timeout, _clock) = (TimeSpan.FromSeconds(settings.TimeoutSeconds), clock);
        _http = new(new SocketsHttpHandler
        {
            ConnectCallback = guard.ConnectAsync,
            AllowAutoRedirect = false,
            UseCookies = false,
            // A proxy would resolve the name and connect without the address guard.
            UseProxy = false,
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
            MaxResponseHeadersLength = 16,
            // Name resolution may change: connections are renewed.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        });
    }

    /// <summary>Sends one request. Every reaction of the endpoint is an answer, no exception.</summary>
    internal async Task<WebhookAnswer> SendAsync(
        Uri url, string id, string? epoch, ReadOnlyMemory<byte> body, IReadOnlyList<WebhookSecret> secrets, CancellationToken ct)
    {
        var now = _clock.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(PublicEvent.ContentType);
        request.Headers.UserAgent.ParseAdd("Banking-Webhooks/1.0");
        request.Headers.Add("webhook-id", id);
        if (epoch is not null)
        {
            request.Headers.Add(LedgerEpochs.Header, epoch);
        }

        request.Headers.Add("webhook-timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", string.Join(' ', secrets.Select(s => s.Sign(id, now, body.Span))));
        var began = _clock.GetTimestamp();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(_timeout);
        try
        {
            using var response = await _http.SendAsync(request, timeout.Token);
            // A 2xx status means that the event was taken; the rest of the answer is not read.
            var text = response.IsSuccessStatusCode ? "" : await ReadBeginningAsync(response, timeout.Token);
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

    private static async Task<string> ReadBeginningAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var bytes = new byte[MaxAnswerBytes];
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        return PlainText.Escaped(
            Encoding.UTF8.GetString(bytes, 0, await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct)));
    }
}
