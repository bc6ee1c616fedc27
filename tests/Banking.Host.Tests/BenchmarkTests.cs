using System.Diagnostics;

namespace Banking.Host.Tests;

/// <summary>The benchmark starts the host as a process with settings of its own: a setting that the host needs must not break it.</summary>
public sealed class BenchmarkTests
{
    [Fact]
    public async Task The_benchmark_moves_money_on_a_bank_of_its_own_and_money_is_conserved()
    {
        var folder = AppContext.BaseDirectory.Replace("tests/Banking.Host.Tests", "bench/Banking.Benchmarks", StringComparison.Ordinal);
        var info = new ProcessStartInfo(
            "dotnet",
            [Path.Combine(folder, "Banking.Benchmarks.dll"), "--trial", "--only", "bare-sql,single-uniform", "--callers", "16"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, await output + await error);
        Assert.Matches("bare-sql +16 closed +[1-9][0-9,]*/s ", await output);
        Assert.Matches("single-uniform +16 closed +[1-9][0-9,]*/s .* conserved True", await output);
    }
}
