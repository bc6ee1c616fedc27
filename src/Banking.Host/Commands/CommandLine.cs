using System.CommandLine;
using System.CommandLine.Invocation;

namespace Banking.Host.Commands;

/// <summary>
/// What the host can be asked to do. A word, an option or a setting that is not known ends with 2 and a suggestion; nothing is done.
/// </summary>
internal static class CommandLine
{
    /// <summary>Wrong use: nothing was done.</summary>
    public const int Misused = 2;

    /// <summary>What <c>dotnet run</c> puts first: Development, unless the caller's environment says otherwise.</summary>
    private const string Developer = "--developer";

    public static Task<int> RunAsync(string[] args)
    {
        if (args is [Developer, .. var rest])
        {
            if (
                Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") is null
                && Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") is null)
            {
                Environment.SetEnvironmentVariable("ASPNETCORE_ENVIRONMENT", Environments.Development);
            }

            args = rest;
        }

        return ParseAsync(args is ["help", .. var topic] ? [.. topic, "--help"] : args);
    }

    private static async Task<int> ParseAsync(string[] args)
    {
        var (settings, words) = SettingArguments.Split(args);
        var parsed = Root(settings).Parse(words, new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        if (parsed.Action is not ParseErrorAction)
        {
            // Signals are the host's business, and a failure is Program's: the library would swallow both.
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }

        var error = new InvocationConfiguration { Output = Console.Error, Error = Console.Error };
        if (parsed.Action is ParseErrorAction explain)
        {
            explain.ShowHelp = false;
        }

        await parsed.InvokeAsync(error);
        await Console.Error.WriteLineAsync("Nothing was done. --help lists the commands and options.");
        return Misused;
    }

    private static RootCommand Root(string[] settings)
    {
        var root = new RootCommand(
            """
            Banking: an event-sourced core bank. Without a command it serves the bank; in Development with a small demo bank.

            Each setting of docs/operations.md can be given as --Section:Name=VALUE, for example --Banking:DataFolder=/data.
            Exit codes: 0 done, 1 differences were found, 2 wrong use or configuration and nothing was done, 130 stopped.
            """)
        {
            ImportCommand.Create(settings),
            ProjectionsCommand.Create(settings),
            VerifyCommand.Create(settings),
            MigrateCommand.Create(settings),
            CodegenCommand.Create(settings),
        };
        ServeCommand.Configure(root, settings);
        return root;
    }
}
