using System.Globalization;
using System.Threading.RateLimiting;
using Banking.Commands.Decisions;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;

namespace Banking.Host.Hosting;

/// <summary>Rate limits per caller (Banking:RateLimits). The defaults stop runaway clients only.</summary>
/// <param name="Enabled">False turns all limits off.</param>
/// <param name="WritesPerSecond">Commands per second and subject. A batch counts as one; bursts may hold two seconds' worth.</param>
/// <param name="TokensPerMinute">Requests for development tokens per minute and address.</param>
public sealed record RateLimitSettings(bool Enabled = true, int WritesPerSecond = 20_000, int TokensPerMinute = 600);

/// <summary>
/// Rate limits per caller, with the framework's middleware. Routes that require a token are limited by subject, others by address. Reads
/// have no limit. A request over the limit is answered before its body is read.
/// </summary>
internal static class RateLimits
{
    private static readonly TimeSpan ReplenishmentPeriod = TimeSpan.FromMilliseconds(100);

    /// <exception cref="ConfigurationException">A limit is below 1.</exception>
    public static RateLimitSettings ReadSettings(IConfiguration configuration)
    {
        var settings = configuration.GetSection("Banking:RateLimits").Get<RateLimitSettings>() ?? new();
        return settings is { WritesPerSecond: > 0, TokensPerMinute: > 0 }
            ? settings
            : throw new ConfigurationException(
                "Banking:RateLimits: WritesPerSecond and TokensPerMinute must be 1 or more. Enabled=false turns all limits off.");
    }

    public static void AddBankRateLimits(this WebApplicationBuilder builder)
    {
        var settings = ReadSettings(builder.Configuration);
        var (writes, tokens) = (LimitWrites(settings), LimitTokens(settings));
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.OnRejected = RejectAsync;
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, (bool IsSubject, string Name)>(http =>
                !settings.Enabled || HttpMethods.IsGet(http.Request.Method) || http.GetEndpoint() is not { } endpoint
                    ? RateLimitPartition.GetNoLimiter((false, ""))
                : FindSubject(endpoint, http) is { } subject ? RateLimitPartition.GetTokenBucketLimiter((true, subject), writes)
                : RateLimitPartition.GetTokenBucketLimiter((false, ReadAddress(http)), tokens));
        });
    }

    /// <summary>
    /// Null for a route without authentication: there a caller could choose its subject, and avoid the limit with a new name each time.
    /// </summary>
    private static string? FindSubject(Endpoint endpoint, HttpContext http) =>
        endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null ? http.User.FindFirst(Claims.Subject)?.Value : null;

    private static string ReadAddress(HttpContext http) => http.Connection.RemoteIpAddress?.ToString() ?? "local";

    private static Func<(bool IsSubject, string Name), TokenBucketRateLimiterOptions> LimitWrites(RateLimitSettings settings)
    {
        // Tokens per period are a whole number, so a rate below ten per second has a longer period.
        var perPeriod = Math.Max(1, settings.WritesPerSecond / 10);
        var period = settings.WritesPerSecond >= 10 ? ReplenishmentPeriod : TimeSpan.FromSeconds(1.0 / settings.WritesPerSecond);
        var options = CreateBucket(settings.WritesPerSecond * 2L, perPeriod, period);
        return _ => options;
    }

    private static Func<(bool IsSubject, string Name), TokenBucketRateLimiterOptions> LimitTokens(RateLimitSettings settings)
    {
        var options = CreateBucket(settings.TokensPerMinute, 1, TimeSpan.FromMinutes(1.0 / settings.TokensPerMinute));
        return _ => options;
    }

    private static TokenBucketRateLimiterOptions CreateBucket(long size, int perPeriod, TimeSpan period) => new()
    {
        TokenLimit = (int)Math.Min(size, int.MaxValue),
        TokensPerPeriod = perPeriod,
        ReplenishmentPeriod = period,
        QueueLimit = 0,
        AutoReplenishment = true,
    };

    private static async ValueTask RejectAsync(OnRejectedContext rejected, CancellationToken ct)
    {
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
        var seconds = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds));
        rejected.HttpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        await rejected.HttpContext.WriteProblemAsync(Refusal.Of(
            RefusalKind.TooManyRequests, "too_many_requests",
            string.Create(CultureInfo.InvariantCulture, $"This caller exceeds its rate limit. Repeat the request in {seconds} s."),
            ("retryAfterSeconds", seconds)));
    }
}
