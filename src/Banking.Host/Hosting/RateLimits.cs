using System.Globalization;
using System.Threading.RateLimiting;
using Banking.Platform.Commands;
using Banking.Platform.Http;
using Banking.Platform.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;

namespace Banking.Host.Hosting;

/// <summary>How much one caller may ask for (Banking:RateLimits). The defaults stop a runaway, and no honest load.</summary>
/// <param name="Enabled">Whether there are limits at all.</param>
/// <param name="WritesPerSecond">Commands of one subject: a batch is one. Two seconds' worth may come at once.</param>
/// <param name="TokensPerMinute">Requests for a development token from one address.</param>
public sealed record RateLimitSettings(bool Enabled = true, int WritesPerSecond = 20_000, int TokensPerMinute = 600);

/// <summary>
/// Limits per caller with the framework's middleware: by subject, and by address where the route asks for none, whatever token is sent
/// along. Reads have no limit. A request beyond it is answered before its body is read.
/// </summary>
internal static class RateLimits
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    public static void AddBankRateLimits(this WebApplicationBuilder builder)
    {
        var settings = builder.Configuration.GetSection("Banking:RateLimits").Get<RateLimitSettings>() ?? new();
        if (settings.WritesPerSecond < 1 || settings.TokensPerMinute < 1)
        {
            throw new ConfigurationException(
                "Banking:RateLimits: WritesPerSecond and TokensPerMinute are 1 or more; Enabled=false turns all limits off.");
        }

        var (writes, tokens) = (Writes(settings), Tokens(settings));
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.OnRejected = RejectAsync;
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, (bool IsSubject, string Name)>(http =>
                !settings.Enabled || HttpMethods.IsGet(http.Request.Method) || http.GetEndpoint() is not { } endpoint
                    ? RateLimitPartition.GetNoLimiter((false, ""))
                : SubjectAt(endpoint, http) is { } subject ? RateLimitPartition.GetTokenBucketLimiter((true, subject), writes)
                : RateLimitPartition.GetTokenBucketLimiter((false, Address(http)), tokens));
        });
    }

    /// <summary>
    /// Null where the route asks for no token: a caller that could choose its subject there would have as many limits as it has names.
    /// </summary>
    private static string? SubjectAt(Endpoint endpoint, HttpContext http) =>
        endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null ? http.User.FindFirst(Claims.Subject)?.Value : null;

    private static string Address(HttpContext http) => http.Connection.RemoteIpAddress?.ToString() ?? "local";

    private static Func<(bool IsSubject, string Name), TokenBucketRateLimiterOptions> Writes(RateLimitSettings settings)
    {
        // What a tenth of a second brings is a whole number; a rate below ten a second comes in longer steps.
        var perPeriod = Math.Max(1, settings.WritesPerSecond / 10);
        var period = settings.WritesPerSecond >= 10 ? Period : TimeSpan.FromSeconds(1.0 / settings.WritesPerSecond);
        var options = Bucket(settings.WritesPerSecond * 2L, perPeriod, period);
        return _ => options;
    }

    private static Func<(bool IsSubject, string Name), TokenBucketRateLimiterOptions> Tokens(RateLimitSettings settings)
    {
        var options = Bucket(settings.TokensPerMinute, 1, TimeSpan.FromMinutes(1.0 / settings.TokensPerMinute));
        return _ => options;
    }

    private static TokenBucketRateLimiterOptions Bucket(long size, int perPeriod, TimeSpan period) => new()
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
            "too_many_requests", StatusCodes.Status429TooManyRequests,
            string.Create(CultureInfo.InvariantCulture, $"This caller asks for more than it may: repeat the request in {seconds} s."),
            ("retryAfterSeconds", seconds)));
    }
}
