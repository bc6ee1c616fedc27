using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banking.EventStore.Callers;

namespace Banking.Host.Security;

/// <summary>Reads the settings of <see cref="AuthSettings"/> and collects all their problems.</summary>
internal sealed class AuthSettingsReader(IConfiguration configuration, bool isDevelopment)
{
    /// <summary>Claims about a person. Events keep the actor for ever, so it must not be one of these.</summary>
    private static readonly string[] PersonalClaims =
    [
        "name", "preferred_username", "email", "upn", "unique_name", "given_name", "family_name", "nickname", "phone_number",
    ];

    private readonly List<string> _problems = [];

    public IReadOnlyList<string> Problems => _problems;

    public AuthSettings Read()
    {
        var section = configuration.GetSection(AuthSettings.Section);
        var authority = configuration[AuthSettings.AuthorityName];
        if (isDevelopment && string.IsNullOrWhiteSpace(authority))
        {
            // Development tokens always have the bank's own claims.
            _problems.AddRange(section.AsEnumerable().Where(s => !string.IsNullOrWhiteSpace(s.Value)).Select(s =>
                $"{s.Key} needs {AuthSettings.AuthorityName}: in Development without an issuer the bank issues its tokens itself."));
            return new();
        }

        var defaults = new AuthSettings();
        var roleClaims = ReadList(AuthSettings.RoleClaimName).Select(v => ParsePath(v.Name, v.Value)).OfType<ClaimPath>().ToList();
        return defaults with
        {
            Authority = ReadAuthority(authority),
            Audiences = ReadAudiences(),
            RoleClaims = roleClaims.Count > 0 ? roleClaims : defaults.RoleClaims,
            Roles = ReadRoles() ?? defaults.Roles,
            ActorClaim = ReadActorClaim(defaults),
            CustomerClaim = ReadPath(AuthSettings.CustomerClaimName) ?? defaults.CustomerClaim,
            NameClaim = ReadPath(AuthSettings.NameClaimName) ?? defaults.NameClaim,
            CertificateAuthorities = ReadCertificateAuthorities(),
        };
    }

    private Uri? ReadAuthority(string? authority)
    {
        if (string.IsNullOrWhiteSpace(authority))
        {
            return Fail($"Production needs {AuthSettings.AuthorityName}: the issuer of the bank's tokens.");
        }

        if (!Uri.TryCreate(authority, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttps && !(isDevelopment && uri.Scheme == Uri.UriSchemeHttp)))
        {
            return Fail($"{AuthSettings.AuthorityName} must be an https address{(isDevelopment ? "" : " in Production")}, "
                + "because an attacker could replace keys fetched over http.");
        }

        return uri.Scheme == Uri.UriSchemeHttps || uri.IsLoopback
            ? uri
            : Fail($"{AuthSettings.AuthorityName} must be an https address, or an http address of this machine (localhost), "
                + "because an attacker could replace keys fetched over http.");

        Uri? Fail(string problem)
        {
            _problems.Add(problem);
            return null;
        }
    }

    private List<string> ReadAudiences()
    {
        var audiences = ReadList(AuthSettings.AudienceName, blankIsProblem: false).Select(v => v.Value).ToList();
        if (audiences.Count == 0 || audiences.Any(string.IsNullOrWhiteSpace))
        {
            _problems.Add(
                $"{(isDevelopment ? AuthSettings.AuthorityName : "Production")} needs {AuthSettings.AudienceName}: "
                    + "the bank's own name in its tokens. Without it the bank would accept tokens for other services.");
        }

        return audiences;
    }

    private ClaimPath ReadActorClaim(AuthSettings defaults)
    {
        var actor = ReadPath(AuthSettings.ActorClaimName) ?? defaults.ActorClaim;
        if (PersonalClaims.Contains(actor.SingleName)
            || (ReadPath(AuthSettings.NameClaimName, isReported: false) is { } name && actor.IsSameAs(name)))
        {
            _problems.Add(
                $"{AuthSettings.ActorClaimName} must not be {actor}: events keep the actor for ever, so it must be an id without "
                    + "personal data, such as sub or oid.");
        }

        return actor;
    }

    /// <summary>Null without any mapping.</summary>
    private Dictionary<string, string>? ReadRoles()
    {
        var roles = new Dictionary<string, string>(StringComparer.Ordinal);
        var mappings = configuration.GetSection(AuthSettings.RolesName).GetChildren().ToList();
        foreach (var mapping in mappings)
        {
            var name = $"{AuthSettings.RolesName}:{mapping.Key}";
            if (Roles.InTokens.FirstOrDefault(r => r.Equals(mapping.Key, StringComparison.OrdinalIgnoreCase)) is not { } role)
            {
                _problems.Add($"{name}: the bank has no role {mapping.Key}. Its roles are {string.Join(", ", Roles.InTokens)}.");
                continue;
            }

            foreach (var (_, value) in ReadList(name))
            {
                if (!roles.TryAdd(value, role) && roles[value] != role)
                {
                    _problems.Add(
                        $"{AuthSettings.RolesName}: \"{value}\" stands for {roles[value]} and {role}, but a caller has one role.");
                }
            }
        }

        return mappings.Count > 0 ? roles : null;
    }

    /// <summary>A setting with one value, or with several: NAME:0, NAME:1 …</summary>
    private List<(string Name, string Value)> ReadList(string name, bool blankIsProblem = true)
    {
        var section = configuration.GetSection(name);
        var items = section.GetChildren().ToList();
        if (section.Value is not null && items.Count > 0)
        {
            _problems.Add($"{name} has a value and {items[0].Path} has one too. Give one value, or a list only.");
        }

        List<(string Name, string Value)> values =
            items.Count > 0 ? [.. items.Select(i => (i.Path, i.Value ?? ""))]
            : section.Value is { } single ? [(name, single)]
            : [];
        if (blankIsProblem)
        {
            _problems.AddRange(values.Where(v => string.IsNullOrWhiteSpace(v.Value)).Select(v => $"{v.Name} must not be blank."));
            values.RemoveAll(v => string.IsNullOrWhiteSpace(v.Value));
        }

        return values;
    }

    private ClaimPath? ReadPath(string name, bool isReported = true) =>
        configuration[name] is { } text ? ParsePath(name, text, isReported) : null;

    private ClaimPath? ParsePath(string name, string text, bool isReported = true)
    {
        var path = ClaimPath.Parse(text);
        if (path is null && isReported)
        {
            _problems.Add(
                $"{name} must be the name of a claim, names separated by dots, a URL, or a JSON Pointer such as /resource_access/bank, "
                    + $"not \"{text}\".");
        }

        return path;
    }

    private X509Certificate2Collection? ReadCertificateAuthorities()
    {
        if (configuration[AuthSettings.CertificateAuthorityFileName] is not { } file)
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception unreadable)
            when (unreadable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            _problems.Add($"{AuthSettings.CertificateAuthorityFileName}: {file} cannot be read: {unreadable.Message}");
            return null;
        }

        if (authorities.Count == 0)
        {
            _problems.Add($"{AuthSettings.CertificateAuthorityFileName}: {file} has no certificate in PEM form.");
        }

        return authorities;
    }
}
