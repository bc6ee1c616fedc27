using System.Net.Mime;
using System.Text;
using System.Text.Encodings.Web;
using Banking.EventStore.Callers;
using Banking.EventStore.Json;
using Banking.Host.Demo;
using Banking.Host.Security;
using Banking.Web.Http;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>What runs at this address, and where to go from here.</summary>
/// <param name="Address">Null outside Development and for callers of another machine.</param>
/// <param name="Tokens">
/// A token for each role, that of a customer for Ada of the demo bank; null outside Development and for callers of another machine.
/// </param>
/// <param name="Questions">What can be asked of the demo bank; null without tokens or demo bank.</param>
internal sealed record FirstAnswer(
    string Name, string Version, string? Address, string Environment, IReadOnlyList<PageLink> Links,
    IReadOnlyDictionary<string, string>? Tokens, IReadOnlyList<DemoQuestion>? Questions);

/// <summary>A resource that everyone may read.</summary>
internal sealed record PageLink(string Href, string Title);

/// <summary>The page at /, for people; JSON for programs that ask for it. It has no script and no style.</summary>
internal static class FirstPage
{
    private static readonly IReadOnlyList<PageLink> Links =
    [
        new("/docs", "API documentation"),
        new("/openapi/v1.json", "the API as an OpenAPI document"),
        new("/contracts", "the events that the bank publishes"),
        new("/health/ready", "whether this host can serve"),
        new("/health/live", "whether this process runs"),
    ];

    public static void MapFirstPage(this WebApplication app) =>
        app.MapGet("/", async (HttpContext http, NpgsqlDataSource source, IHostEnvironment environment) =>
            {
                var answer = await CreateAsync(http, source, environment);
                return AnswerForm.Of(http) == MediaTypeNames.Application.Json
                    ? TypedResults.Json(answer, ApiJson.Options)
                    : (IResult)TypedResults.Content(Html(answer), MediaTypeNames.Text.Html, Encoding.UTF8);
            })
            .WithMetadata(new ServesAttribute(MediaTypeNames.Text.Html, MediaTypeNames.Application.Json))
            .ExcludeFromDescription()
            .AllowAnonymous();

    private static async Task<FirstAnswer> CreateAsync(HttpContext http, NpgsqlDataSource source, IHostEnvironment environment)
    {
        var issuer = DevTokenEndpoint.IsLocal(http) ? http.RequestServices.GetService<DevTokens>() : null;
        var demo = issuer is null ? null : await DemoBank.FindAsync(source, http.RequestAborted);
        var tokens = issuer is null ? null : Roles.All.Where(r => r != Roles.Customer || demo is not null).ToDictionary(
            r => r, r => issuer.Issue(r, r == Roles.Customer ? demo!.Ada : null, null, TimeProvider.System.GetUtcNow()));
        // A bank behind a proxy does not know its address.
        var address = issuer is null ? null : $"{http.Request.Scheme}://{http.Request.Host}";
        return new(
            "Banking", Telemetry.Version, address, environment.EnvironmentName, Links, tokens,
            demo is null ? null : DemoQuestions.Create(address!, demo.DoubleSalary));
    }

    private static string Html(FirstAnswer answer)
    {
        var page = new StringBuilder(
            $"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Banking</title></head><body>
            <h1>Banking</h1>
            <p>An event-sourced core bank, version {Text(answer.Version)}, in {Text(answer.Environment)}{At(answer.Address)}.</p>
            <ul>

            """);
        foreach (var link in answer.Links)
        {
            page.Append($"<li><a href=\"{Text(link.Href)}\">{Text(link.Href)}</a>: {Text(link.Title)}</li>\n");
        }

        page.Append("</ul>\n");
        AppendTokens(page, answer.Tokens);
        AppendQuestions(page, answer.Questions, answer.Address!);
        return page.Append("</body></html>\n").ToString();
    }

    private static void AppendTokens(StringBuilder page, IReadOnlyDictionary<string, string>? tokens)
    {
        if (tokens is null)
        {
            return;
        }

        page.Append("<h2>Tokens</h2>\n<p>Paste them into a shell. Each is valid for an hour; <code>POST /dev/token</code> issues more. "
            + "Ctrl+C in the terminal stops the bank; its data stays.</p>\n");
        // A text area breaks long lines without a style.
        page.Append("<textarea readonly rows=\"20\" cols=\"120\" aria-label=\"Tokens\">\n");
        foreach (var (role, token) in tokens)
        {
            page.Append($"export {(role == Roles.Teller ? "TOKEN" : role.ToUpperInvariant())}={Text(token)}\n");
        }

        page.Append("</textarea>\n");
    }

    private static void AppendQuestions(StringBuilder page, IReadOnlyList<DemoQuestion>? questions, string address)
    {
        if (questions is null)
        {
            return;
        }

        page.Append($"<h2>Move money</h2>\n<pre>{Text(DemoQuestions.Transfer(address))}</pre>\n"
            + "<h2>Questions to the demo bank</h2>\n<ol>\n");
        foreach (var question in questions)
        {
            page.Append($"<li>{Text(question.Text)}\n<pre>{Text(question.Command)}</pre>\n{Text(question.Answer)}.</li>\n");
        }

        page.Append("</ol>\n");
    }

    private static string At(string? address) => address is null ? "" : $" at {Text(address)}";

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
