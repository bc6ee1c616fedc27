using Banking.Testing;

namespace Banking.Host.Tests.Identity;

/// <summary>Tokens that are not accepted are counted, and no token is logged.</summary>
public sealed class FailedTokenTests
{
    private const string Realm = "/realms/bank";
    private const string User = """{"aud":"bank","sub":"eva","role":"auditor"}""";
    private const string Report = "Tokens that were not accepted";

    [Fact]
    public async Task Failed_tokens_are_counted_by_reason_in_one_line_a_minute_without_any_token()
    {
        var folder = TestFolders.New("banking-failed-");
        await using var issuer = await LocalIssuer.StartAsync();
        await using var host = await IdentityHost.StartAsync(new Dictionary<string, string?>
        {
            ["Banking:Auth:Authority"] = issuer.Address + Realm,
            ["Banking:Auth:Audience"] = "bank",
            ["Banking:Auth:CertificateAuthorityFile"] = LocalIssuer.WriteAuthority(folder.FullName),
        });
        using var counts = new Measured(host, "banking.auth.failed_tokens");
        var good = issuer.Token(Realm, User);
        var failing = Failing(issuer).ToList();
        foreach (var token in failing.SelectMany(f => Enumerable.Repeat(f.Token, f.Times)))
        {
            (await host.With(token).GetAsync("/caller")).IsProblem(401, "unauthenticated");
        }

        (await host.With(good).GetAsync("/caller")).Ok();
        (await host.With(null).GetAsync("/caller")).IsProblem(401, "unauthenticated");

        Assert.Equal(failing.Select(f => $"{f.Reason} {f.Times}").Order(StringComparer.Ordinal), counts.Lines);
        Assert.Empty(host.Log.With(Report));
        await Eventually.UntilAsync(
            () =>
            {
                host.Clock.Advance(TimeSpan.FromMinutes(1));
                return host.Log.With(Report).Count;
            },
            lines => lines > 0);
        Assert.StartsWith(
            $"{Report} since the last report: 30 (expired 12, audience 5, issuer 4, type 3, ",
            Assert.Single(host.Log.With(Report)),
            StringComparison.Ordinal);

        (await host.With("garbage").GetAsync("/caller")).IsProblem(401, "unauthenticated");
        await host.StopAsync();
        Assert.Equal([$"{Report} since the last report: 1 (malformed 1)"], host.Log.With(Report).Skip(1));
        var parts = failing.Select(f => f.Token).Append(good).SelectMany(t => t.Split('.')).Where(p => p.Length > 20).Distinct().ToList();
        Assert.All(host.Log.All, line => Assert.DoesNotContain(parts, p => line.Text.Contains(p, StringComparison.Ordinal)));
        folder.Delete(recursive: true);
    }

    private static IEnumerable<(string Reason, string Token, int Times)> Failing(LocalIssuer issuer) =>
    [
        ("expired", issuer.Token(Realm, User, expiresIn: -60), 12),
        ("audience", issuer.Token(Realm, User.Replace("\"bank\"", "\"shop\"", StringComparison.Ordinal)), 5),
        ("issuer", issuer.Token("/realms/other", User), 4),
        ("type", issuer.Token(Realm, User, type: "logout+jwt"), 3),
        ("signature", issuer.Token(Realm, User)[..^8] + "AAAAAAAA", 2),
        ("unknown_key", issuer.Token(Realm, User, keyId: "made-up"), 2),
        ("claims", issuer.Token(Realm, User.Replace("eva", "e\\u0000va", StringComparison.Ordinal)), 1),
        ("malformed", "garbage", 1),
    ];
}
