using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Statements.Domain;
using Banking.Accounts.Statements.Formats;
using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.Statements;

public static class GetStatementEndpoint
{
    /// <summary>Renders a statement again. The bytes are the same each time; if they cannot be, the answer is an error.</summary>
    [WolverineGet("/v1/statements/{statement}", OperationId = "getStatement")]
    [Serves(StatementForms.Json, StatementForms.Csv, StatementForms.Html, StatementForms.Camt053, StatementForms.Mt940)]
    [Tags("Statements")]
    [EndpointSummary("Get a statement, in the form that Accept or a suffix asks for: .json, .csv, .html, .camt, .mt940")]
    [EndpointDescription("Gets a statement in the form that Accept or a suffix of the id asks for. Its bytes are the same each time.")]
    [Authorize(Policies.Read)]
    [Problems("statement_not_found", "statement_differs", "form_too_small", "key_unavailable")]
    [ProducesResponseType<StatementDocument>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string statement, AccountReader accounts, StatementReader statements, HttpContext http)
    {
        var (id, form, problem) = ReadAddress(statement, http);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var ct = http.RequestAborted;
        if (await accounts.EventAsync<StatementIssued>(id, ct) is not { } issued
            || await accounts.FindAsync(AccountId.Format(issued.Data.Account), http) is not { } account)
        {
            return new ProblemResult(NotFound(statement));
        }

        var superseded = issued.Data.Supersedes is { } earlier ? await accounts.EventAsync<StatementIssued>(earlier, ct) : null;
        (var found, problem) = await statements.ReadAsync(account, issued, superseded?.Data, ct);
        return found is null ? new ProblemResult(problem!) : Render(found, form!, http);
    }

    private static IResult Render(Statement statement, StatementForm form, HttpContext http)
    {
        if (form.Render(statement) is not { } bytes)
        {
            return new ProblemResult(Refusal.Of(
                RefusalKind.NotAcceptable, "form_too_small",
                $"An amount of this statement has more digits than {form.Suffix} allows: ask for another form.", ("form", form.Suffix)));
        }

        if (form.MediaType == StatementForms.Html)
        {
            http.Response.Headers.ContentSecurityPolicy = HtmlFormat.ContentSecurityPolicy;
        }

        return TypedResults.Bytes(bytes, ContentType(form));
    }

    /// <summary>The id in the address, and the form that its suffix or the Accept header asks for.</summary>
    private static (Guid Id, StatementForm? Form, Refusal? Problem) ReadAddress(string address, HttpContext http)
    {
        var dot = address.IndexOf('.', StringComparison.Ordinal);
        var (text, suffix) = dot < 0 ? (address, null) : (address[..dot], address[(dot + 1)..]);
        var form = suffix is not null
            ? StatementForms.All.FirstOrDefault(f => f.Suffix == suffix)
            : StatementForms.All.FirstOrDefault(f => f.MediaType == AnswerForm.Of(http)) ?? StatementForms.All[0];
        return !PublicId.TryParse(StatementId.Prefix, text, out var id) || form is null ? (id, null, NotFound(address))
            : !AnswerForm.Allows(http, form.MediaType) ? (id, null, Refusal.Of(
                RefusalKind.NotAcceptable, "not_acceptable", $"This address serves {form.MediaType}; Accept does not allow it.",
                ("served", (string[])[form.MediaType])))
            : (id, form, null);
    }

    /// <summary>The text forms need their charset. JSON and XML say it themselves, and MT940 is ASCII.</summary>
    private static string ContentType(StatementForm form) =>
        form.MediaType is StatementForms.Csv or StatementForms.Html ? form.MediaType + "; charset=utf-8" : form.MediaType;

    private static Refusal NotFound(string statement) =>
        Refusal.NotFound("statement_not_found", "There is no such statement.", ("statement", statement));
}
