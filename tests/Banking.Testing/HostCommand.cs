using System.Reflection;
using System.Text;
using Banking.Host.Hosting;
using Spectre.Console;

namespace Banking.Testing;

/// <summary>
/// Runs a command of the host in the test process, through the entry point of the program. A process of its own
/// (<see cref="HostProcess"/>) spends seconds on compiling the same code again: use it where the process is tested, such as its signals
/// and its environment, and at least once for each exit code of a command.
/// </summary>
public static class HostCommand
{
    private static readonly TimeSpan MaxRun = TimeSpan.FromMinutes(10);

    private static readonly MethodInfo Program = typeof(BankHost).Assembly.EntryPoint!;

    /// <summary>Where the command that the current code belongs to writes. Null outside of commands: the console of the tests.</summary>
    private static readonly AsyncLocal<(TextWriter Output, TextWriter Error)?> Writers = new();

    static HostCommand()
    {
        _ = TestKeys.Folder;
        var (output, error) = (Console.Out, Console.Error);
        var toCommand = new Redirection(() => Writers.Value?.Output ?? output);
        Console.SetOut(toCommand);
        Console.SetError(new Redirection(() => Writers.Value?.Error ?? error));
        // As in a process whose output is redirected, also when the tests run on a terminal.
        AnsiConsole.Console = AnsiConsole.Create(new()
        {
            Ansi = AnsiSupport.No,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(toCommand),
        });
    }

    /// <summary>Runs the program until it ends, and returns its exit code, standard output and standard error.</summary>
    /// <param name="settings">Settings named as environment variables. They are added to the command line, because the environment belongs
    /// to the whole test process. As in <see cref="HostProcess"/>, the owner's connection string comes with that of the host.</param>
    /// <exception cref="TimeoutException">It does not end: it serves although a test expects that it is refused.</exception>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string[] args, params (string Name, string Value)[] settings)
    {
        // Arguments win, as they do over the environment.
        var given = args.Select(NameOf).ToHashSet(StringComparer.OrdinalIgnoreCase);
        string[] all =
        [
            .. settings.Concat(HostProcess.FindOwner(settings)).Select(ToArgument).Where(a => !given.Contains(NameOf(a))), .. args,
        ];
        var (output, error) = (new StringWriter(), new StringWriter());
        // A thread of its own: the entry point blocks it until the command ends.
        var running = Task.Factory.StartNew(
            () =>
            {
                Writers.Value = (TextWriter.Synchronized(output), TextWriter.Synchronized(error));
                return (int)Program.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [all], null)!;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var exitCode = await running.WaitAsync(MaxRun);
        return (exitCode, output.ToString(), error.ToString());
    }

    private static string NameOf(string argument) => argument.Split('=', 2)[0];

    private static string ToArgument((string Name, string Value) setting) =>
        setting.Name.Contains("__", StringComparison.Ordinal)
            ? $"--{setting.Name.Replace("__", ":", StringComparison.Ordinal)}={setting.Value}"
            : throw new ArgumentException($"{setting.Name} is no setting of the bank: start a process for it.");

    /// <summary>Passes text to the writer of the command that writes it.</summary>
    private sealed class Redirection(Func<TextWriter> target) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => target().Write(value);

        public override void Write(char[] buffer, int index, int count) => target().Write(buffer, index, count);

        public override void Write(string? value) => target().Write(value);

        public override void Flush() => target().Flush();
    }
}
