using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Banking.Web.Http;
using Microsoft.IdentityModel.Tokens;

namespace Banking.Host.Security;

/// <summary>Counts the tokens that were not accepted, by reason, in a metric and in one line of the log per minute.</summary>
internal sealed class FailedTokens : BackgroundService
{
    public const string MeterName = "Banking.Auth";

    private static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly Counter<long> _counter;
    private readonly TimeProvider _clock;
    private readonly ILogger<FailedTokens> _logger;

    public FailedTokens(IMeterFactory meters, TimeProvider clock, ILogger<FailedTokens> logger)
    {
        (_clock, _logger) = (clock, logger);
        _counter = meters.Create(MeterName)
            .CreateCounter<long>("banking.auth.failed_tokens", "{token}", "Tokens that were not accepted, by reason");
    }

    public void Add(Exception failure)
    {
        var reason = Classify(failure);
        _counter.Add(1, new KeyValuePair<string, object?>("reason", reason));
        _counts.AddOrUpdate(reason, 1, (_, count) => count + 1);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Report();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(ReportInterval, _clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Report();
        }
    }

    private void Report()
    {
        List<(string Reason, int Count)> counts = [];
        foreach (var reason in _counts.Keys)
        {
            if (_counts.TryRemove(reason, out var count))
            {
                counts.Add((reason, count));
            }
        }

        if (counts.Count > 0)
        {
            _logger.LogWarning(
                "Tokens that were not accepted since the last report: {Count} ({Reasons})",
                counts.Sum(c => c.Count), string.Join(", ", counts.OrderByDescending(c => c.Count).Select(c => $"{c.Reason} {c.Count}")));
        }
    }

    /// <summary>A fixed set of words: nothing of the token reaches the log or a metric.</summary>
    private static string Classify(Exception failure) => failure switch
    {
        IssuerUnavailableException => "issuer_unavailable",
        UnusableTokenException => "claims",
        SecurityTokenExpiredException => "expired",
        SecurityTokenNotYetValidException => "not_yet_valid",
        SecurityTokenNoExpirationException => "no_expiry",
        SecurityTokenInvalidAudienceException => "audience",
        SecurityTokenInvalidIssuerException => "issuer",
        SecurityTokenInvalidTypeException => "type",
        SecurityTokenSignatureKeyNotFoundException => "unknown_key",
        SecurityTokenInvalidSignatureException => "signature",
        SecurityTokenMalformedException or ArgumentException => "malformed",
        _ => "other",
    };
}
