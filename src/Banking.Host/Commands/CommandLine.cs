using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Banking.Host.Commands;

/// <summary>
/// The commands of the host. An unknown word, option or setting ends with exit code 2 and a suggestion; nothing is done.
/// </summary>
internal static class CommandLine
{
    private const int UsageError = 2;

    private static readonly string[] HelpOptions = ["--help", "-h", "-?", "/h", "/?"];

    /// <summary>First argument under <c>dotnet run</c>: selects Development unless the caller's environment names another one.</summary>
    private const string DeveloperFlag = "--developer";

    public static Task<int> RunAsync(string[] args)
    {
        if (args is [DeveloperFlag, .. var rest])
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
        var parsed = Parse(settings, words);
        if (parsed is { Action: HelpAction, UnmatchedTokens.Count: > 0 })
        {
            // Help about a word that is not known would be help about something else.
            parsed = Parse(settings, [.. words.Where(w => !HelpOptions.Contains(w))]);
        }

        if (parsed.Action is not ParseErrorAction)
        {
            // The host handles signals, and Program handles exceptions. The library would swallow both.
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }

        var error = new InvocationConfiguration { Output = Console.Error, Error = Console.Error };
        if (parsed.Action is ParseErrorAction explain)
        {
            explain.ShowHelp = false;
        }

        await parsed.InvokeAsync(error);
        await Console.Error.WriteLineAsync("Nothing was done. --help lists the commands and options.");
        return UsageError;
    }

    private static ParseResult Parse(string[] settings, string[] words) =>
        CreateRoot(settings).Parse(words, new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null });

    private static RootCommand CreateRoot(string[] settings)
    {
        var root = new RootCommand(
            """
            Banking: an event-sourced core bank. Without a command it serves the bank. Development adds a small demo bank.

            Each setting of docs/operations.md can be given as --Section:Name=VALUE, for example --Banking:DataFolder=/data.
            Exit codes: 0 done; 1 something differs, is damaged or was not completed, as the output says; 2 wrong use or configuration, and
            nothing was done; 130 stopped.
            """)
        {
            ImportCommand.Create(settings),
            ProjectionsCommand.Create(settings),
            VerifyCommand.Create(settings),
            SimulateCommand.Create(settings),
            MigrateCommand.Create(settings),
            KeysCommand.Create(settings),
            BackupCommand.Create(settings),
            RestoreCommand.Create(settings),
            ArchiveCommand.Create(settings),
            CodegenCommand.Create(settings),
        };
        ServeCommand.Configure(root, settings);
        return root;
    }
}
