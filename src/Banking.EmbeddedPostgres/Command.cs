using System.Diagnostics;

namespace Banking.EmbeddedPostgres;

internal sealed record CommandResult(int ExitCode, string Output)
{
    public bool Succeeded => ExitCode == 0;
}

/// <summary>Runs a short-lived tool, waits for its end, and returns its output.</summary>
internal static class Command
{
    public static async Task<CommandResult> RunAsync(IReadOnlyList<string> command, TimeSpan timeout, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(timeout);
        using var process = Process.Start(StartInfo(command, redirect: true))
            ?? throw new InvalidOperationException($"{command[0]} did not start.");
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new(process.ExitCode, (await output + await errors).Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            ct.ThrowIfCancellationRequested();
            return new(-1, $"{command[0]} did not end within {timeout.TotalSeconds:0} s.");
        }
    }

    public static ProcessStartInfo StartInfo(IReadOnlyList<string> command, bool redirect)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = redirect,
            RedirectStandardOutput = redirect,
            RedirectStandardError = redirect,
            // PostgreSQL's account may lack access to the host's working folder.
            WorkingDirectory = OperatingSystem.IsWindows() ? "" : "/",
        };
        // This component matches messages in the output, so their language must be fixed.
        start.Environment["LC_ALL"] = "C";
        return start;
    }
}
