using Banking.Commands.Decisions;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Commands;

/// <summary>What a request asks of its command.</summary>
public enum CommandMode
{
    /// <summary>To be carried out.</summary>
    Run,

    /// <summary>To be shown only: nothing is stored and the key stays free.</summary>
    DryRun,

    /// <summary>To be proposed to a second person.</summary>
    Propose,
}

/// <summary>Reads the mode of a request whose command can be shown or proposed.</summary>
public static class CommandModes
{
    /// <summary>Query parameter of the operations that can be shown instead of carried out.</summary>
    public const string DryRunParameter = "dryRun";

    public static (CommandMode Mode, Refusal? Problem) Read(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return (Flag(http, DryRunParameter), Flag(http, CommandRequest.ProposeParameter)) switch
        {
            (null, _) => (default, Refusal.Malformed("malformed_dry_run", "dryRun is true or false.")),
            (_, null) => (default, Refusal.Malformed("malformed_propose", "propose is true or false.")),
            (true, true) => (default, Refusal.Malformed(
                "malformed_propose", "A dry run proposes nothing. It says whether an approval is needed: leave out propose.")),
            (true, _) => (CommandMode.DryRun, null),
            (_, true) => (CommandMode.Propose, null),
            _ => (CommandMode.Run, null),
        };
    }

    /// <summary>Returns null if the parameter is neither true nor false.</summary>
    private static bool? Flag(HttpContext http, string name) => http.Request.Query[name].ToString() switch
    {
        "true" => true,
        "false" => false,
        "" when !http.Request.Query.ContainsKey(name) => false,
        _ => null,
    };
}
