using Microsoft.Extensions.Configuration;

namespace Banking.Publishing.Webhooks;

/// <summary>How endpoints are treated (Banking:Publishing:Webhooks).</summary>
public sealed record WebhookSettings
{
    /// <summary>Whether http will do. For development.</summary>
    public bool AllowInsecure { get; init; }

    /// <summary>
    /// Whether endpoints may be inside the bank's own network. For development, or where the bank's own services are told.
    /// </summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>Failures in a row after which an endpoint is left alone until an operator lets it go on.</summary>
    public int Attempts { get; init; } = 12;

    /// <summary>How often an event is offered that the endpoint itself says no to, before its account has to wait.</summary>
    public int EventAttempts { get; init; } = 3;

    /// <summary>Milliseconds after the first failure of an endpoint; doubled with each that follows, up to an hour.</summary>
    public int RetryMilliseconds { get; init; } = 5_000;

    /// <summary>Milliseconds until an event is offered again that the endpoint said no to; doubled each time.</summary>
    public int EventRetryMilliseconds { get; init; } = 500;

    /// <summary>How long an endpoint has to answer.</summary>
    public int TimeoutSeconds { get; init; } = 15;

    /// <summary>Accounts whose events are under way to one endpoint at the same time.</summary>
    public int Parallel { get; init; } = 8;

    internal static WebhookSettings Of(IConfiguration publishing)
    {
        var settings = publishing.GetSection("Webhooks").Get<WebhookSettings>() ?? new();
        return
            settings
                is
            {
                Attempts: > 0,
                EventAttempts: > 0,
                RetryMilliseconds: > 0,
                EventRetryMilliseconds: >= 0,
                TimeoutSeconds: > 0,
                Parallel: > 0
            }
            ? settings
            : throw new FormatException(
                "Banking:Publishing:Webhooks: Attempts, EventAttempts, RetryMilliseconds, TimeoutSeconds and Parallel are above 0, and EventRetryMilliseconds is not below."
            );
    }
}
