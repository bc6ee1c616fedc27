using System.Diagnostics;
using System.Globalization;

namespace Banking.System.Tests.Contract;

/// <summary>
/// The programs of Node that examine the OpenAPI document, at the versions of Contract/tools/package-lock.json. They are installed once
/// per build output.
/// </summary>
internal static class NodeTools
{
    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static string? _missing;

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Contract", "tools");

    /// <summary>Installs the programs. The test is skipped with a reason where they cannot run.</summary>
    public static async Task RequireAsync()
    {
        await Gate.WaitAsync();
        try
        {
            _missing ??= await InstallAsync();
        }
        finally
        {
            Gate.Release();
        }

        Assert.SkipWhen(_missing.Length > 0, _missing);
    }

    /// <summary>Runs an installed program in <see cref="Folder"/>.</summary>
    public static Task<(int ExitCode, string Output)> RunAsync(string program, params string[] arguments) =>
        ProcessAsync("npx", ["--no-install", program, .. arguments]);

    public static async Task<(int ExitCode, string Output)> ProcessAsync(string program, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // They would ask their makers for newer versions, and tell them of each run.
            Environment = { ["REDOCLY_TELEMETRY"] = "off", ["REDOCLY_SUPPRESS_UPDATE_NOTICE"] = "true", ["NO_UPDATE_NOTIFIER"] = "1" },
        };
        using var process = Process.Start(info)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>Returns why the programs cannot run; empty if they can.</summary>
    private static async Task<string> InstallAsync()
    {
        if (!IsOnPath("node") || !IsOnPath("npm"))
        {
            return "Node and npm are not installed: the OpenAPI document is not linted, and no TypeScript is made from it.";
        }

        var version = (await ProcessAsync("node", "--version")).Output.Trim();
        if (!CanRun(version))
        {
            return $"Node {version} cannot run the tools of the OpenAPI document, which need 20.19 or 22.12, or later ones of these.";
        }

        if (Directory.Exists(Path.Combine(Folder, "node_modules")))
        {
            return "";
        }

        var (exitCode, output) = await ProcessAsync(
            "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline");
        return exitCode == 0 ? "" : "npm cannot install the tools of the OpenAPI document: " + output;
    }

    /// <summary>The versions that all tools support, as their packages say.</summary>
    private static bool CanRun(string version) =>
        version.TrimStart('v').Split('.') is [var major, var minor, ..]
        && (int.Parse(major, CultureInfo.InvariantCulture), int.Parse(minor, CultureInfo.InvariantCulture)) switch
        {
            (20, >= 19) or (22, >= 12) or ( > 22, _) => true,
            _ => false,
        };

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(f => File.Exists(Path.Combine(f, program)));
}
