using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Banking.Host.Security;

/// <summary>A period in which the keys could not be fetched.</summary>
internal sealed record IssuerFailure(string Reason, DateTimeOffset Since, int Attempts);

/// <summary>
/// The keys of the issuer, from its discovery document. They are fetched at start, every five minutes, and when a token names an unknown
/// key, but never more often than every ten seconds: callers cannot make the bank flood the issuer. If a fetch fails, the known keys stay
/// in use.
/// </summary>
internal sealed class IssuerKeys : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan WarningPause = TimeSpan.FromMinutes(1);

    private readonly Uri _authority;
    private readonly HttpClient _http;
    private readonly HttpDocumentRetriever _documents;
    private readonly TimeProvider _clock;
    private readonly ILogger<IssuerKeys> _logger;
    private readonly Lock _gate = new();

    private volatile OpenIdConnectConfiguration? _known;
    private volatile IssuerFailure? _failure;
    private Task _running = Task.CompletedTask;
    private long? _attemptedAt;
    private long _knownAt;
    private long? _warnedAt;

    public IssuerKeys(AuthSettings settings, TimeProvider clock, IMeterFactory meters, ILogger<IssuerKeys> logger)
    {
        (_authority, _clock, _logger) = (settings.Authority!, clock, logger);
        _http = CreateClient(settings.CertificateAuthorities);
        _documents = new(_http) { RequireHttps = _authority.Scheme == Uri.UriSchemeHttps };
        meters.Create(FailedTokens.MeterName).CreateObservableGauge(
            "banking.auth.issuer.unavailable", () => _failure is null ? 0 : 1, null, "1 while the keys of the issuer cannot be fetched");
    }

    public Uri Authority => _authority;

    /// <summary>The keys as last fetched, and the issuer's name in tokens. Null if they were never fetched.</summary>
    public OpenIdConnectConfiguration? Known => _known;

    /// <summary>Null if the last fetch succeeded.</summary>
    public IssuerFailure? Failure => _failure;

    /// <summary>The time until the next attempt, at least a second.</summary>
    public TimeSpan NextAttemptIn
    {
        get
        {
            lock (_gate)
            {
                var wait = _attemptedAt is { } at ? Pause - _clock.GetElapsedTime(at) : TimeSpan.Zero;
                return wait > TimeSpan.FromSeconds(1) ? wait : TimeSpan.FromSeconds(1);
            }
        }
    }

    /// <summary>
    /// Fetches the keys, unless an attempt has just been made. Concurrent callers wait for the same attempt. Never fails.
    /// </summary>
    public Task FetchAsync()
    {
        lock (_gate)
        {
            return _running.IsCompleted && _attemptedAt is { } at && _clock.GetElapsedTime(at) < Pause ? Task.CompletedTask : Start();
        }
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, _clock);
        do
        {
            if (_known is null || _failure is not null || _clock.GetElapsedTime(_knownAt) >= MaxAge)
            {
                Task attempt;
                lock (_gate)
                {
                    attempt = Start();
                }

                // A stopping host does not wait for an issuer that does not answer.
                await attempt.WaitAsync(stoppingToken);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private Task Start()
    {
        if (_running.IsCompleted)
        {
            _attemptedAt = _clock.GetTimestamp();
            _running = Task.Run(TryFetchAsync);
        }

        return _running;
    }

    private async Task TryFetchAsync()
    {
        try
        {
            var address = _authority.AbsoluteUri.TrimEnd('/') + "/.well-known/openid-configuration";
            var fetched = await OpenIdConnectConfigurationRetriever.GetAsync(address, _documents, CancellationToken.None);
            if (string.IsNullOrEmpty(fetched.Issuer) || fetched.SigningKeys.Count == 0)
            {
                throw new InvalidDataException("its discovery document names no issuer, or its key set has no key for signatures");
            }

            if (_failure is { } past)
            {
                _logger.LogInformation("The issuer {Authority} answers again, after {Attempts} failed attempts", _authority, past.Attempts);
            }

            (_known, _knownAt, _failure) = (fetched, _clock.GetTimestamp(), null);
        }
        catch (Exception failure)
        {
            // Every failure, of the network, of TLS or of the documents, means the same: the known keys stay in use, and health reports it.
            Warn(_failure = new(Describe(failure), _failure?.Since ?? _clock.GetUtcNow(), (_failure?.Attempts ?? 0) + 1));
        }
    }

    private void Warn(IssuerFailure failure)
    {
        if (_warnedAt is { } at && _clock.GetElapsedTime(at) < WarningPause)
        {
            return;
        }

        _warnedAt = _clock.GetTimestamp();
        _logger.LogWarning(
            "Cannot fetch the keys of the issuer {Authority}: {Reason}. Failed attempts since {Since:O}: {Attempts}. {Effect}",
            _authority, failure.Reason, failure.Since, failure.Attempts,
            _known is null ? "All tokens are answered 503." : "Tokens signed with known keys are still accepted.");
    }

    private static string Describe(Exception failure) =>
        failure.Data[HttpDocumentRetriever.StatusCode] is { } status
            ? string.Create(CultureInfo.InvariantCulture, $"it answered {status}")
            : failure.GetBaseException().Message.TrimEnd('.');

    private static HttpClient CreateClient(X509Certificate2Collection? authorities)
    {
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        if (authorities is not null)
        {
            // As by default, revocation is not checked: a private authority often publishes no list.
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.AddRange(authorities);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        // Requests wait for the first fetch, so it must not take long.
        return new(handler) { Timeout = TimeSpan.FromSeconds(4), MaxResponseContentBufferSize = 1024 * 1024 };
    }
}
