using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Banking.Accounts.Statements.Formats;
using Banking.SharedKernel;

namespace Banking.Accounts.Tests.Statements;

/// <summary>
/// Libraries of others read the statements and agree on opening, entries and closing: iso20022.js and mt940js, installed by npm from
/// readers/package-lock.json.
/// </summary>
public sealed class ForeignReaderTests : IDisposable
{
    private static readonly string Readers = Path.Combine(AppContext.BaseDirectory, "Statements", "readers");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("statements");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Libraries_of_others_read_the_same_opening_entries_and_closing()
    {
        var examples = StatementFormatTests.All;
        foreach (var (name, statement) in examples)
        {
            await File.WriteAllBytesAsync(Path.Combine(_folder.FullName, name + ".camt"), Camt053Format.Render(statement)!);
            if (statement.Content.Currency.Scale <= 2)
            {
                // mt940js rounds every amount to two decimals.
                await File.WriteAllBytesAsync(Path.Combine(_folder.FullName, name + ".mt940"), Mt940Format.Render(statement)!);
            }
        }

        await InstallAsync();
        var read = JsonDocument.Parse(await RunAsync("node", "read.mjs", _folder.FullName)).RootElement;

        Assert.Equal(Directory.GetFiles(_folder.FullName).Length, read.EnumerateObject().Count());
        Assert.All(read.EnumerateObject(), file =>
        {
            var content = examples.Single(e => e.Name == Path.GetFileNameWithoutExtension(file.Name)).Statement.Content;
            Assert.Equal((content.AccountNumber, content.Currency.Code), (Text(file, "account"), Text(file, "currency")));
            AssertAmount(content.Opening, file.Value.GetProperty("opening"));
            AssertAmount(content.Closing, file.Value.GetProperty("closing"));
            Assert.Equal(content.Entries.Count, file.Value.GetProperty("entries").GetArrayLength());
            Assert.All(
                content.Entries.Zip(file.Value.GetProperty("entries").EnumerateArray()),
                pair => AssertAmount(pair.First.SignedAmount, pair.Second));
        });
    }

    private static void AssertAmount(Money expected, JsonElement read) =>
        Assert.Equal((double)expected.Minor, read.GetDouble() * Math.Pow(10, expected.Currency.Scale), 0.001);

    private static string? Text(JsonProperty file, string name) => file.Value.GetProperty(name).GetString();

    /// <summary>Installs the libraries once per build.</summary>
    private static async Task InstallAsync()
    {
        if (Directory.Exists(Path.Combine(Readers, "node_modules", "mt940js")))
        {
            return;
        }

        await RunAsync("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline");
    }

    /// <summary>Runs a program, or skips the test if it is not installed, or cannot install the libraries.</summary>
    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Readers,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Start(start);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromMinutes(1));
        var (output, error) = (process.StandardOutput.ReadToEndAsync(timeout.Token), process.StandardError.ReadToEndAsync(timeout.Token));
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }

        if (process.ExitCode != 0 && program == "npm")
        {
            Assert.Skip($"npm cannot install iso20022.js and mt940js: {await error}");
        }

        Assert.True(process.ExitCode == 0, await error);
        return await output;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            Assert.Skip($"{start.FileName} is not installed: {missing.Message}");
            throw;
        }
    }
}
