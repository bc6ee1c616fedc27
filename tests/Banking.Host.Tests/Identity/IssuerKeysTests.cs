using System.Globalization;
using Banking.Testing;
using Microsoft.Extensions.Hosting;

namespace Banking.Host.Tests.Identity;

/// <summary>Changes of the issuer's keys, and an issuer that cannot be reached.</summary>
public sealed class IssuerKeysTests : IAsyncLifetime
{
    private const string Realm = "/realms/bank";
    private const string User = """{"aud":"bank","sub":"eva","role":"auditor"}""";

    private readonly DirectoryInfo _folder = TestFolders.New("banking-keys-");
    private LocalIssuer _issuer = null!;

    public async ValueTask InitializeAsync() => _issuer = await LocalIssuer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _issuer.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_new_key_is_accepted_without_a_restart_and_unknown_keys_do_not_flood_the_issuer()
    {
        await using var host = await StartAsync();
        var former = _issuer.Token(Realm, User);
        (await host.With(former).GetAsync("/caller")).Ok();
        Assert.Equal(1, _issuer.Fetches);

        _issuer.Rotate();
        var next = _issuer.Token(Realm, User);
        // Right after a fetch the bank does not ask the issuer again.
        (await host.With(next).GetAsync("/caller")).IsProblem(401, "unauthenticated");
        Assert.Equal(1, _issuer.Fetches);
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        (await host.With(next).GetAsync("/caller")).Ok();
        Assert.Equal(2, _issuer.Fetches);

        for (var round = 3; round <= 4; round++)
        {
            host.Clock.Advance(TimeSpan.FromSeconds(10));
            var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
                host.With(_issuer.Token(Realm, User, keyId: $"made-up-{round}-{i}")).GetAsync("/caller")));
            Assert.All(answers, a => a.IsProblem(401, "unauthenticated"));
            Assert.Equal(round, _issuer.Fetches);
        }

        // The cache of valid tokens holds for half a minute.
        host.Clock.Advance(TimeSpan.FromSeconds(30));
        (await host.With(former).GetAsync("/caller")).IsProblem(401, "unauthenticated");
        (await host.With(next).GetAsync("/caller")).Ok();
    }

    [Fact]
    public async Task Without_an_issuer_a_token_is_answered_503_until_the_issuer_answers()
    {
        await _issuer.StopAsync();
        await using var host = await StartAsync();

        var unavailable = (await host.With(_issuer.Token(Realm, User)).GetAsync("/caller")).IsProblem(503, "identity_unavailable");
        Assert.InRange(int.Parse(unavailable.Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 10);
        Assert.Equal("false", unavailable.Text("applied"));
        Assert.Null(unavailable.Header("WWW-Authenticate"));
        (await host.With("garbage").GetAsync("/caller")).IsProblem(401, "unauthenticated");
        (await host.With(null).GetAsync("/caller")).IsProblem(401, "unauthenticated");
        // A route without authentication does not depend on the issuer.
        (await host.With(_issuer.Token(Realm, User)).GetAsync("/health/live")).Ok();
        Assert.Equal((503, "Unhealthy"), await ReadyAsync(host));
        using var metric = new Measured(host, "banking.auth.issuer.unavailable");
        Assert.Equal(1, metric.Gauge);
        Assert.Contains("All tokens are answered 503.", Assert.Single(host.Log.With("Cannot fetch the keys")), StringComparison.Ordinal);

        await _issuer.StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("eva | auditor", (await host.With(_issuer.Token(Realm, User)).GetAsync("/caller")).Ok().Body);
        Assert.Equal((200, "Healthy"), await ReadyAsync(host));
        Assert.Equal(0, metric.Gauge);
        Assert.Single(host.Log.With("answers again, after"));
    }

    [Fact]
    public async Task While_the_issuer_is_gone_tokens_of_known_keys_are_accepted_and_a_warning_comes_once_a_minute()
    {
        await using var host = await StartAsync();
        (await host.With(_issuer.Token(Realm, User)).GetAsync("/caller")).Ok();
        await _issuer.StopAsync();

        // The host notices without any request.
        await Eventually.UntilAsync(
            () =>
            {
                host.Clock.Advance(TimeSpan.FromMinutes(5));
                return ReadyAsync(host);
            },
            ready => ready == (200, "Degraded"));

        var known = _issuer.Token(Realm, User);
        _issuer.Rotate();
        var before = host.Log.With("Cannot fetch the keys").Count;
        var seconds = 0;
        while (host.Log.With("Cannot fetch the keys").Count == before)
        {
            host.Clock.Advance(TimeSpan.FromSeconds(10));
            seconds += 10;
            (await host.With(_issuer.Token(Realm, User)).GetAsync("/caller")).IsProblem(503, "identity_unavailable");
            (await host.With(known).GetAsync("/caller")).Ok();
        }

        Assert.Equal(60, seconds);
        var warning = host.Log.With("Cannot fetch the keys")[^1];
        // One attempt at least for each ten seconds of this minute.
        Assert.Matches(@"Connection refused\. Failed attempts since .*: ([6-9]|\d\d+)\. Tokens signed with known keys are still", warning);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_not_accepted()
    {
        await using var host = await IdentityHost.StartAsync(new Dictionary<string, string?>(Settings)
        {
            ["Banking:Auth:CertificateAuthorityFile"] = null,
        });

        (await host.With(_issuer.Token(Realm, User)).GetAsync("/caller")).IsProblem(503, "identity_unavailable");
        Assert.Equal(0, _issuer.Fetches);
        Assert.Contains("certificate is invalid", Assert.Single(host.Log.With("Cannot fetch the keys")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_Development_the_issuer_may_be_an_http_address_of_this_machine()
    {
        await using var issuer = await LocalIssuer.StartAsync("http");
        await using var host = await IdentityHost.StartAsync(
            new Dictionary<string, string?>
            {
                ["Banking:Auth:Authority"] = issuer.Address + Realm,
                ["Banking:Auth:Audience"] = "bank",
            },
            Environments.Development);

        Assert.Equal("eva | auditor", (await host.With(issuer.Token(Realm, User)).GetAsync("/caller")).Ok().Body);
    }

    private Dictionary<string, string?> Settings => new()
    {
        ["Banking:Auth:Authority"] = _issuer.Address + Realm,
        ["Banking:Auth:Audience:0"] = "another-bank",
        ["Banking:Auth:Audience:1"] = "bank",
        ["Banking:Auth:CertificateAuthorityFile"] = LocalIssuer.WriteAuthority(_folder.FullName),
    };

    private Task<IdentityHost> StartAsync() => IdentityHost.StartAsync(Settings);

    private static async Task<(int Status, string Identity)> ReadyAsync(IdentityHost host)
    {
        var answer = await host.With(null).GetAsync("/health/ready");
        return (answer.StatusCode, answer.Text("checks", "identity", "status"));
    }
}
