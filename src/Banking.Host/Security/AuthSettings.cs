using System.Security.Cryptography.X509Certificates;
using Banking.Web.Http;

namespace Banking.Host.Security;

/// <summary>The issuer of the bank's tokens, and how the bank finds the caller in them (Banking:Auth).</summary>
internal sealed record AuthSettings
{
    public const string Section = "Banking:Auth";
    public const string AuthorityName = "Banking:Auth:Authority";
    public const string AudienceName = "Banking:Auth:Audience";
    public const string RoleClaimName = "Banking:Auth:RoleClaim";
    public const string RolesName = "Banking:Auth:Roles";
    public const string ActorClaimName = "Banking:Auth:ActorClaim";
    public const string CustomerClaimName = "Banking:Auth:CustomerClaim";
    public const string NameClaimName = "Banking:Auth:NameClaim";
    public const string CertificateAuthorityFileName = "Banking:Auth:CertificateAuthorityFile";

    /// <summary>The address of the issuer. Null: the bank issues development tokens itself.</summary>
    public Uri? Authority { get; init; }

    /// <summary>The names of the bank in tokens. A token must name one of them.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [DevTokens.Audience];

    public IReadOnlyList<ClaimPath> RoleClaims { get; init; } = [ClaimPath.Parse(Claims.Role)!];

    /// <summary>The role of the bank for each value of a role claim.</summary>
    public IReadOnlyDictionary<string, string> Roles { get; init; } = OwnRoles;

    public ClaimPath ActorClaim { get; init; } = ClaimPath.Parse(Claims.Subject)!;

    public ClaimPath CustomerClaim { get; init; } = ClaimPath.Parse(Claims.Customer)!;

    public ClaimPath NameClaim { get; init; } = ClaimPath.Parse(Claims.Name)!;

    /// <summary>The certificate authorities that may vouch for the issuer. Null: those of the operating system.</summary>
    public X509Certificate2Collection? CertificateAuthorities { get; init; }

    /// <summary>Without a mapping, tokens have the bank's own names of roles.</summary>
    public static IReadOnlyDictionary<string, string> OwnRoles { get; } =
        EventStore.Callers.Roles.InTokens.ToDictionary(r => r, StringComparer.Ordinal);

    /// <exception cref="ConfigurationException">There are problems. The message has a line for each.</exception>
    public static AuthSettings Read(IConfiguration configuration, bool isDevelopment)
    {
        var reader = new AuthSettingsReader(configuration, isDevelopment);
        var settings = reader.Read();
        SettingRules.ThrowIfAny(reader.Problems);
        return settings;
    }

    /// <summary>All problems of these settings, each as a sentence.</summary>
    public static IReadOnlyList<string> FindProblems(IConfiguration configuration, bool isDevelopment)
    {
        var reader = new AuthSettingsReader(configuration, isDevelopment);
        reader.Read();
        return reader.Problems;
    }
}
