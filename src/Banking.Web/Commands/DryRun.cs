using Banking.Commands.Decisions;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Commands;

/// <summary>Reads whether a command is only shown: nothing is stored, and the key stays free.</summary>
public static class DryRun
{
    /// <summary>Query parameter of the operations that can be shown instead of carried out.</summary>
    public const string Parameter = "dryRun";

    public static (bool IsWanted, Refusal? Problem) Read(HttpContext http) => http.Request.Query[Parameter].ToString() switch
    {
        "true" when CommandRequest.IsProposed(http) => (false, Refusal.Malformed(
            "malformed_propose", "A dry run proposes nothing. It says whether an approval is needed: leave out propose.")),
        "true" => (true, null),
        "false" => (false, null),
        "" when !http.Request.Query.ContainsKey(Parameter) => (false, null),
        _ => (false, Refusal.Malformed("malformed_dry_run", "dryRun is true or false.")),
    };
}
