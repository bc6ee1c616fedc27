using Banking.Commands.Decisions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Banking.Web.Http;

/// <summary>Limits of open streams of server-sent events (Banking:EventStreams). Each is a connection that lasts.</summary>
public sealed record EventStreamSettings
{
    /// <summary>Open streams of one caller on one host: enough for a service with many instances and filters.</summary>
    public int MaxPerCaller { get; init; } = 100;

    /// <summary>Open streams of one host: twice as many idle ones as were measured to cost commands nothing.</summary>
    public int MaxPerHost { get; init; } = 2_000;

    /// <exception cref="FormatException">A limit is not above 0.</exception>
    public static EventStreamSettings Of(IConfiguration configuration)
    {
        var settings = configuration.GetSection("Banking:EventStreams").Get<EventStreamSettings>() ?? new();
        return settings is { MaxPerCaller: > 0, MaxPerHost: > 0 }
            ? settings
            : throw new FormatException("Banking:EventStreams: MaxPerCaller and MaxPerHost must be above 0.");
    }
}

/// <summary>Counts the open streams of server-sent events of this host.</summary>
public sealed class EventStreams(EventStreamSettings settings)
{
    /// <summary>Time after which a caller may try again: when another stream will end is not known.</summary>
    internal const int RetryAfterSeconds = 10;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _byCaller = [];
    private int _open;

    /// <summary>Counts a stream until the request ends, or returns why it may not be opened.</summary>
    public Refusal? TryOpen(HttpContext http)
    {
        var caller = http.Caller().Actor;
        lock (_gate)
        {
            if (_byCaller.GetValueOrDefault(caller) >= settings.MaxPerCaller)
            {
                return Exceeded(
                    RefusalKind.TooManyRequests,
                    "caller",
                    settings.MaxPerCaller,
                    "This caller has too many open streams on this host: close one.");
            }

            if (_open >= settings.MaxPerHost)
            {
                return Exceeded(RefusalKind.Unavailable, "host", settings.MaxPerHost, "This host has too many open streams.");
            }

            _open++;
            _byCaller[caller] = _byCaller.GetValueOrDefault(caller) + 1;
        }

        http.Response.RegisterForDispose(new Open(this, caller));
        return null;
    }

    private static Refusal Exceeded(RefusalKind kind, string scope, int limit, string why) => Refusal.Of(
        kind,
        "too_many_streams",
        $"{why} The limit is {limit}.",
        ("scope", scope),
        ("limit", limit),
        ("retryAfterSeconds", RetryAfterSeconds));

    private void Close(string caller)
    {
        lock (_gate)
        {
            _open--;
            if (--_byCaller[caller] == 0)
            {
                _byCaller.Remove(caller);
            }
        }
    }

    private sealed class Open(EventStreams streams, string caller) : IDisposable
    {
        public void Dispose() => streams.Close(caller);
    }
}
