using Microsoft.Extensions.Configuration;

namespace Banking.Publishing.Webhooks;

/// <summary>Settings of webhook delivery (Banking:Publishing:Webhooks).</summary>
public sealed record WebhookSettings
{
    /// <summary>Whether http is allowed. For development.</summary>
    public bool AllowInsecure { get; init; }

    /// <summary>Whether endpoints may be in the bank's own network. For development, or for endpoints of the bank's own services.</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>Failures in a row after which an endpoint is paused until an operator releases it.</summary>
    public int Attempts { get; init; } = 12;

    /// <summary>Attempts to deliver an event that the endpoint rejects, before its account is blocked.</summary>
    public int EventAttempts { get; init; } = 3;

    /// <summary>
    /// Delay in milliseconds after the first failure of an endpoint; it doubles with each further failure, up to an hour.
    /// </summary>
    public int RetryMilliseconds { get; init; } = 5_000;

    /// <summary>Delay in milliseconds before a rejected event is sent again; it doubles each time.</summary>
    public int EventRetryMilliseconds { get; init; } = 500;

    /// <summary>Time in seconds for an endpoint to answer.</summary>
    public int TimeoutSeconds { get; init; } = 15;

    /// <summary>Accounts whose events are sent to one endpoint in parallel.</summary>
    public int Parallel { get; init; } = 8;

    /// <summary>
    /// Webhooks that one caller may have registered and not removed: enough for a service that manages those of many consumers, and a
    /// twentieth of the bank's, so that a runaway client leaves room for all others.
    /// </summary>
    public int MaxPerCaller { get; init; } = 1_000;

    /// <summary>Webhooks of the whole bank: twice as many idle ones as were measured to cost commands nothing.</summary>
    public int MaxPerBank { get; init; } = 20_000;

    internal static WebhookSettings Of(IConfiguration publishing)
    {
        var settings = publishing.GetSection("Webhooks").Get<WebhookSettings>() ?? new();
        return settings is
        {
            Attempts: > 0,
            EventAttempts: > 0,
            RetryMilliseconds: > 0,
            EventRetryMilliseconds: >= 0,
            TimeoutSeconds: > 0,
            Parallel: > 0,
            MaxPerCaller: > 0,
            MaxPerBank: > 0,
        }
            ? settings
            : throw new FormatException(
                "Banking:Publishing:Webhooks: Attempts, EventAttempts, RetryMilliseconds, TimeoutSeconds, Parallel, MaxPerCaller and "
                + "MaxPerBank must be above 0, and EventRetryMilliseconds must not be negative.");
    }
}
