using System.Net.Mime;
using System.Text;
using System.Text.Encodings.Web;
using Banking.EventStore.Json;
using Banking.Web;
using Banking.Web.Http;
using Banking.Web.OpenApi;
using Microsoft.AspNetCore.Mvc;

namespace Banking.Host.Hosting;

/// <summary>A kind of problem in the catalogue.</summary>
/// <param name="Statuses">The statuses of answers with this code.</param>
/// <param name="Remedy">What the caller can do.</param>
/// <param name="Members">The names of its facts, which are members of the problem document.</param>
internal sealed record ProblemTypeView(
    string Code, IReadOnlyList<int> Statuses, string Meaning, string Remedy, IReadOnlyList<string> Members);

/// <summary>The catalogue of problems.</summary>
internal sealed record ProblemTypesView(IReadOnlyList<ProblemTypeView> Items);

/// <summary>The page to which the type of each problem leads; JSON for programs that ask for it. It has no script and no style.</summary>
internal static class ProblemPage
{
    public static void MapProblems(this WebApplication app)
    {
        var catalogue = new ProblemCatalogue(app.Services.GetServices<BankModule>());
        var all = new ProblemTypesView(
        [
            .. catalogue.All.OrderBy(p => p.Code, StringComparer.Ordinal)
                .Select(p => new ProblemTypeView(p.Code, ProblemCatalogue.Statuses(p), p.Meaning, p.Remedy, p.Members)),
        ]);
        var page = Html(all);
        app.MapGet("/problems", (HttpContext http) => AnswerForm.Of(http) == MediaTypeNames.Application.Json
                ? TypedResults.Json(all, ApiJson.Options)
                : (IResult)TypedResults.Content(page, MediaTypeNames.Text.Html, Encoding.UTF8))
            .WithMetadata(
                new ServesAttribute(MediaTypeNames.Text.Html, MediaTypeNames.Application.Json),
                new ProducesResponseTypeAttribute(typeof(ProblemTypesView), StatusCodes.Status200OK))
            .WithName("listProblems")
            .WithTags("Problems")
            .WithSummary("List the problems that the bank answers")
            .WithDescription("Lists the codes of problems with their statuses, what they mean, what to do, and the names of their facts.")
            .AllowAnonymous();
    }

    private static string Html(ProblemTypesView problems)
    {
        var page = new StringBuilder(
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Problems</title></head><body>
            <h1>Problems</h1>
            <dl>

            """);
        foreach (var problem in problems.Items)
        {
            page.Append($"<dt id=\"{problem.Code}\"><code>{problem.Code}</code> ({string.Join(", ", problem.Statuses)})</dt>\n");
            page.Append($"<dd>{Text(problem.Meaning)} {Text(problem.Remedy)}");
            page.Append(problem.Members.Count > 0 ? $" Members: {string.Join(", ", problem.Members)}.</dd>\n" : "</dd>\n");
        }

        return page.Append("</dl>\n</body></html>\n").ToString();
    }

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
