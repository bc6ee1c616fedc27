using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Banking.Benchmarks;

/// <summary>Runs a command of the host as a process of its own, as an operator does.</summary>
internal static class HostCommand
{
    /// <returns>What the command wrote to its standard output.</returns>
    /// <exception cref="InvalidOperationException">It ended with another exit code than 0.</exception>
    public static async Task<string> RunAsync(string connectionString, params string[] arguments)
    {
        var host = Path.Combine(AppContext.BaseDirectory, "Banking.Host.dll");
        var info = new ProcessStartInfo("dotnet", [host, .. arguments]) { RedirectStandardOutput = true };
        BankUnderTest.Configure(info, connectionString);
        using var process = Process.Start(info)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{string.Join(' ', arguments)} ended with exit code {process.ExitCode}.\n{output}");
    }

    /// <summary>Imports a history in the Berka format.</summary>
    /// <returns>The report of the import.</returns>
    public static async Task<JsonElement> ImportAsync(string connectionString, string folder, int copies)
    {
        var number = copies.ToString(CultureInfo.InvariantCulture);
        using var json = JsonDocument.Parse(
            await RunAsync(connectionString, "import", "berka", folder, "--copies", number, "--json"));
        return json.RootElement.Clone();
    }
}
