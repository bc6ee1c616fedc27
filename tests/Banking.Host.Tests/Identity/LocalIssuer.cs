using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Banking.Host.Tests.Identity;

/// <summary>
/// An identity provider on this machine: a real server with a certificate of its own authority, discovery documents and keys at the
/// addresses of each provider. A test can stop it, start it again at the same address, and replace its key.
/// </summary>
internal sealed class LocalIssuer : IAsyncDisposable
{
    /// <summary>The path of each issuer below the server's address, and that of its keys.</summary>
    private static readonly (string Path, string Keys)[] Issuers =
    [
        ("/realms/bank", "/realms/bank/protocol/openid-connect/certs"),
        ("/", "/.well-known/jwks.json"),
        ("/7d0c2f4e-5f0a-4a53-8a7e-0c4f3f1d9b11/v2.0", "/7d0c2f4e-5f0a-4a53-8a7e-0c4f3f1d9b11/discovery/v2.0/keys"),
    ];

    private static readonly X509Certificate2 Authority = CreateAuthority();
    private static readonly X509Certificate2 Certificate = CreateCertificate();

    private static readonly RSA Stranger = RSA.Create(2048);

    private readonly string _scheme;
    private WebApplication? _server;
    private int _port;
    private int _fetches;
    private (RSA Key, string Id, string Certificate) _key = CreateKey("key-1");

    private LocalIssuer(string scheme) => _scheme = scheme;

    public string Address => $"{_scheme}://localhost:{_port}";

    /// <summary>How often the keys were fetched.</summary>
    public int Fetches => Volatile.Read(ref _fetches);

    public static async Task<LocalIssuer> StartAsync(string scheme = "https")
    {
        var issuer = new LocalIssuer(scheme);
        await issuer.StartAsync();
        return issuer;
    }

    /// <summary>Writes the certificate of the authority to a file, for the setting that names it.</summary>
    public static string WriteAuthority(string folder)
    {
        var file = Path.Combine(folder, "authority.pem");
        File.WriteAllText(file, Authority.ExportCertificatePem());
        return file;
    }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port, listen =>
        {
            if (_scheme == Uri.UriSchemeHttps)
            {
                listen.UseHttps(Certificate);
            }
        }));
        builder.WebHost.UseKestrelHttpsConfiguration();
        _server = builder.Build();
        foreach (var (path, keys) in Issuers)
        {
            _server.MapGet(path.TrimEnd('/') + "/.well-known/openid-configuration", () => Results.Text(Discovery(path, keys)));
            _server.MapGet(keys, () =>
            {
                Interlocked.Increment(ref _fetches);
                return Results.Text(KeySet());
            });
        }

        await _server.StartAsync();
        _port = new Uri(_server.Urls.First()).Port;
    }

    public async Task StopAsync()
    {
        await _server!.DisposeAsync();
        _server = null;
    }

    /// <summary>Replaces the key. The former one is withdrawn.</summary>
    public void Rotate() => _key = CreateKey(_key.Id + "-next");

    /// <summary>A token with this payload, and the issuer, lifetime and signature of the provider at the path.</summary>
    /// <param name="keyId">The name of a key that the issuer does not have, and that signs the token. Null: the issuer's key.</param>
    public string Token(string path, string payload, string type = "JWT", string? keyId = null, int expiresIn = 300)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = $$"""{"iss":"{{Address}}{{path}}","iat":{{now - 600}},"nbf":{{now - 600}},"exp":{{now + expiresIn}},"""
            + payload.Trim()[1..];
        using var valid = JsonDocument.Parse(claims);
        var text = Encode($$"""{"alg":"RS256","typ":"{{type}}","kid":"{{keyId ?? _key.Id}}"}""") + "." + Encode(claims);
        var key = keyId is null ? _key.Key : Stranger;
        return text + "." + Base64Url.EncodeToString(
            key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await StopAsync();
        }
    }

    private string Discovery(string path, string keys) => $$"""
        {
          "issuer": "{{Address}}{{path}}",
          "jwks_uri": "{{Address}}{{keys}}",
          "response_types_supported": ["code"],
          "id_token_signing_alg_values_supported": ["RS256"]
        }
        """;

    /// <summary>
    /// A key for signatures with its certificate, and one for encryption, as Keycloak has. Entra's keys have no algorithm.
    /// </summary>
    private string KeySet()
    {
        var (key, id, certificate) = _key;
        var numbers = key.ExportParameters(includePrivateParameters: false);
        var (n, e) = (Base64Url.EncodeToString(numbers.Modulus), Base64Url.EncodeToString(numbers.Exponent));
        return $$"""
            {"keys": [
              {"kty": "RSA", "use": "sig", "kid": "{{id}}", "n": "{{n}}", "e": "{{e}}", "x5c": ["{{certificate}}"]},
              {"kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "kid": "enc-1", "n": "{{n}}", "e": "{{e}}"}
            ]}
            """;
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static (RSA, string, string) CreateKey(string id)
    {
        var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=bank", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(Yesterday, Yesterday.AddYears(1));
        return (key, id, Convert.ToBase64String(certificate.RawData));
    }

    private static DateTimeOffset Yesterday => TimeProvider.System.GetUtcNow().AddDays(-1);

    private static X509Certificate2 CreateAuthority()
    {
        var request = new CertificateRequest("CN=authority", ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Yesterday, Yesterday.AddYears(1));
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        return request.Create(Authority, Yesterday, Yesterday.AddMonths(6), [1]).CopyWithPrivateKey(key);
    }
}
