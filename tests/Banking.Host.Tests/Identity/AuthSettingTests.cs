using System.Text.Json;
using Banking.Host.Security;
using Microsoft.Extensions.Configuration;

namespace Banking.Host.Tests.Identity;

/// <summary>The settings of Banking:Auth: each fault has its sentence, and all are reported together.</summary>
public sealed class AuthSettingTests
{
    [Theory]
    [InlineData("Authority", "http://issuer.example", "Banking:Auth:Authority must be an https address in Production")]
    [InlineData("Authority", "http://localhost:8080", "Banking:Auth:Authority must be an https address in Production")]
    [InlineData("Audience:0", " ", "Production needs Banking:Auth:Audience")]
    [InlineData("RoleClaim", "realm_access..roles", "Banking:Auth:RoleClaim must be the name of a claim, names separated by dots, a URL")]
    [InlineData("RoleClaim:1", "/a~2b", "Banking:Auth:RoleClaim:1 must be the name of a claim")]
    [InlineData("RoleClaim:0", "", "Banking:Auth:RoleClaim:0 must not be blank.")]
    [InlineData("CustomerClaim", "", "Banking:Auth:CustomerClaim must be the name of a claim")]
    [InlineData("NameClaim", "/", "Banking:Auth:NameClaim must be the name of a claim")]
    [InlineData("ActorClaim", "email", "Banking:Auth:ActorClaim must not be email: events keep the actor for ever")]
    [InlineData("ActorClaim", "/name", "Banking:Auth:ActorClaim must not be /name")]
    [InlineData("Roles:king", "Kings", "Banking:Auth:Roles:king: the bank has no role king. Its roles are customer, teller,")]
    [InlineData("Roles:teller", "", "Banking:Auth:Roles:teller must not be blank.")]
    [InlineData("CertificateAuthorityFile", "no-such-file.pem", "Banking:Auth:CertificateAuthorityFile: no-such-file.pem cannot be read")]
    public void A_fault_has_its_sentence(string name, string value, string sentence) =>
        Assert.StartsWith(sentence, Assert.Single(Problems(isDevelopment: false, (name, value))), StringComparison.Ordinal);

    [Fact]
    public void All_faults_are_reported_together()
    {
        var problems = Problems(
            isDevelopment: false,
            ("Authority", "issuer.example"), ("Audience", "bank"), ("Audience:0", "bank"), ("RoleClaim:0", "a..b"), ("RoleClaim:1", ".c"),
            ("ActorClaim", "upn"), ("Roles:king", "x"), ("Roles:teller:0", "staff"), ("Roles:auditor:0", "staff"),
            ("CertificateAuthorityFile", typeof(AuthSettingTests).Assembly.Location));

        Assert.Equal(8, problems.Count);
        Assert.Contains(problems, p => p.StartsWith("Banking:Auth:Audience has a value and ", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Contains("\"staff\" stands for ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://issuer.example", "must be an https address, or an http address of this machine (localhost)")]
    [InlineData("ftp://localhost", "must be an https address, because")]
    [InlineData("http://localhost:8080/realms/bank", null)]
    [InlineData("http://127.0.0.1:8080", null)]
    [InlineData("https://issuer.example", null)]
    public void In_Development_an_http_issuer_is_of_this_machine(string authority, string? sentence)
    {
        var problems = Problems(isDevelopment: true, ("Authority", authority));
        if (sentence is null)
        {
            Assert.Empty(problems);
        }
        else
        {
            Assert.Contains(sentence, Assert.Single(problems), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Without_an_issuer_no_other_setting_would_have_an_effect() => Assert.Equal(
        [
            "Banking:Auth:Audience needs Banking:Auth:Authority: in Development without an issuer the bank issues its tokens itself.",
            "Banking:Auth:Roles:teller:0 needs Banking:Auth:Authority: in Development without an issuer the bank issues its tokens itself.",
        ],
        Problems(isDevelopment: true, ("Authority", ""), ("Roles:teller:0", "staff")).Order());

    [Theory]
    [InlineData("role", "a")]
    [InlineData("list", "b c")]
    [InlineData("nested.deeper.roles", "d")]
    [InlineData("https://bank.example/roles", "e")]
    [InlineData("/https:~1~1bank.example~1roles", "e")]
    [InlineData("/with.dot/in~0side", "f")]
    [InlineData("scope", "g h")]
    [InlineData("empty", "")]
    [InlineData("nested", "")]
    [InlineData("nested.missing.roles", "")]
    [InlineData("role.inside", "")]
    public void A_path_finds_a_claim(string path, string found)
    {
        using var payload = JsonDocument.Parse("""
            {"role":"a","list":["b","c",7,null],"nested":{"deeper":{"roles":["d"]}},"https://bank.example/roles":"e",
             "with.dot":{"in~side":"f"},"scope":"g h","empty":[]}
            """);
        Assert.Equal(found, string.Join(' ', ClaimPath.Parse(path)!.Read(payload.RootElement)));
    }

    private static IReadOnlyList<string> Problems(bool isDevelopment, params (string Name, string Value)[] settings)
    {
        Dictionary<string, string?> all = new() { ["Banking:Auth:Authority"] = "https://issuer.example" };
        if (!settings.Any(s => s.Name.StartsWith("Audience", StringComparison.Ordinal)))
        {
            all["Banking:Auth:Audience"] = "bank";
        }

        foreach (var (name, value) in settings)
        {
            all[$"Banking:Auth:{name}"] = value;
        }

        return AuthSettings.FindProblems(new ConfigurationBuilder().AddInMemoryCollection(all).Build(), isDevelopment);
    }
}
