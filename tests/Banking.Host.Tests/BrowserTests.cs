using System.Diagnostics;
using System.Text.RegularExpressions;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>What a browser makes of the pages, with no other host to reach. Skipped where no Chromium is found.</summary>
public sealed partial class BrowserTests
{
    private static string? Chromium => ((string[])["chromium", "chromium-browser", "google-chrome"])
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(f => Path.Combine(f, name)))
        .FirstOrDefault(File.Exists);

    [Fact]
    public async Task The_documentation_opens_on_moving_money_without_bars_of_its_vendor_and_without_another_host()
    {
        // The first test that needs a server also installs the browser, if it can.
        var database = await BankFixture.NewDatabaseAsync();
        Assert.SkipWhen(Chromium is null, "No Chromium was found on PATH.");
        await using var host = await HostProcess.ServeAsync(["--no-demo"], ("ConnectionStrings__banking", database));

        var page = await ShowAsync(host.Address + "/docs/");

        var shown = Tags().Replace(page, " ");
        Assert.Contains("Moves money from one account to another.", shown, StringComparison.Ordinal);
        Assert.Contains("Test Request", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("Open API Client", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("Ask AI", shown, StringComparison.Ordinal);
    }

    /// <summary>The elements of a page after its scripts have run.</summary>
    private static async Task<string> ShowAsync(string address)
    {
        var profile = TestFolders.New("banking-browser-");
        try
        {
            using var process = Process.Start(new ProcessStartInfo(Chromium!,
            [
                "--headless", "--no-sandbox", "--disable-gpu", $"--user-data-dir={profile.FullName}",
                "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--window-size=1400,1000", "--virtual-time-budget=5000",
                "--dump-dom", address,
            ])
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync();
            var page = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, await errors);
            return page;
        }
        finally
        {
            profile.Delete(recursive: true);
        }
    }

    [GeneratedRegex("<(style|script).*?</\\1>|<[^>]*>", RegexOptions.Singleline)]
    private static partial Regex Tags();
}
