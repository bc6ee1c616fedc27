using System.Net.Mime;
using Banking.EventStore.Callers;
using Banking.Host.Security;
using Banking.Web.Http;
using Scalar.AspNetCore;

namespace Banking.Host.Hosting;

/// <summary>The OpenAPI document and the page that shows it.</summary>
internal static class ApiDocs
{
    /// <summary>The addresses of the bank as its clients see them, for the document.</summary>
    public const string ServersSetting = "Banking:OpenApi:Servers";

    /// <summary>The operation that the page shows first, in the form of the page's links.</summary>
    private const string FirstOperation = "tag/money/POST/v1/transfers";

    /// <summary>The addresses that are set; the address of the document itself if none is.</summary>
    public static IReadOnlyList<string> ReadServers(IConfiguration configuration)
    {
        var servers = configuration.GetSection(ServersSetting).Get<string[]>() ?? [];
        var wrong = servers.Where(s => !s.StartsWith('/')
            && !(Uri.TryCreate(s, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"));
        SettingRules.ThrowIfAny(wrong.Select(s =>
            $"{ServersSetting}: \"{s}\" is neither an address such as https://bank.example.org nor a path such as /bank."));
        return servers.Length == 0 ? ["/"] : servers;
    }

    public static void MapApiDocs(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").WithMetadata(new ServesAttribute(MediaTypeNames.Application.Json)).AllowAnonymous();
        app.MapScalarApiReference("/docs", Configure).WithMetadata(new ServesAttribute()).AllowAnonymous();
    }

    private static void Configure(ScalarOptions page, HttpContext http)
    {
        page.WithTitle("Banking")
            .WithOpenApiRoutePattern("/openapi/{documentName}.json")
            .HideClientButton()
            .HideDeveloperTools()
            .DisableDefaultFonts()
            .DisableTelemetry()
            .DisableAgent()
            .DisableMcp()
            .AddHeadContent($"<script>location.hash ||= '{FirstOperation}'</script>");
        if (http.RequestServices.GetService<DevTokens>() is { } tokens && DevTokenEndpoint.IsLocal(http))
        {
            http.Response.Headers.CacheControl = "no-store";
            var token = tokens.Issue(Roles.Teller, null, null, TimeProvider.System.GetUtcNow());
            page.AddPreferredSecuritySchemes("bearer").AddHttpAuthentication("bearer", scheme => scheme.Token = token);
        }
    }
}
