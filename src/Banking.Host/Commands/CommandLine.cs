namespace Banking.Host.Commands;

/// <summary>What the host can be asked to do.</summary>
internal static class CommandLine
{
    /// <summary>What <c>dotnet run</c> puts first: Development, unless the caller's environment says otherwise.</summary>
    private const string Developer = "--developer";

    public static Task<int> RunAsync(string[] args)
    {
        if (args is [Developer, .. var rest])
        {
            if (Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") is null && Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") is null)
            {
                Environment.SetEnvironmentVariable("ASPNETCORE_ENVIRONMENT", Environments.Development);
            }

            args = rest;
        }

        return DoAsync(args);
    }

    private static Task<int> DoAsync(string[] args) => args switch
    {
        ["import", "berka", .. var rest] => ImportCommand.RunAsync(rest),
        ["projections", .. var rest] => ProjectionsCommand.RunAsync(rest),
        ["verify", .. var rest] => VerifyCommand.RunAsync(rest),
        ["codegen", .. var rest] => CodegenCommand.RunAsync(rest),
        ["import", ..] or ["help", ..] or ["--help", ..] or ["-h", ..] => HelpAsync(args[0] == "import"),
        _ => ServeCommand.RunAsync(args),
    };

    private static async Task<int> HelpAsync(bool wrong)
    {
        await (wrong ? Console.Error : Console.Out).WriteLineAsync(
            """
            Banking: an event-sourced core bank.

              (no command)                  serve the bank; in Development with a small demo bank
                --fresh                     begin with an empty embedded database
                --no-demo                   without the demo bank
                --urls URLS                 where to listen (default http://localhost:5080)
              import berka FOLDER           import a real bank's history and reconcile it with its own balances
                --copies N                  N banks of that history (1 to 1000), each under ids of its own
                --json                      report as one JSON object
              projections list              the read models, and how far they are
              projections rebuild NAME|all --reason TEXT
                                            make one anew from the log beside the one that serves, compare, switch
              projections replay NAME --into scratch_X [--account acc_…] [--from INSTANT] [--to INSTANT]
                                            project a portion of the log into a schema of its own
              verify [--full] [--json]      compare the read models with the log; exit code 1 where they differ
              codegen [FOLDER]              for developers: write the adapters to handlers and endpoints anew

            Settings: ConnectionStrings:banking, Banking:DataFolder (.banking), Banking:Postgres:BinFolder,
            Banking:Auth:Authority and Banking:Auth:Audience (outside of Development), OTEL_EXPORTER_OTLP_ENDPOINT.
            """);
        return wrong ? 2 : 0;
    }
}
