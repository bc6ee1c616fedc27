using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>The host as a new user starts it: one command, no settings.</summary>
public sealed class ServeTests : IDisposable
{
    private readonly DirectoryInfo _folder = TestFolders.New("banking-serve-");

    private (string, string)[] Settings =>
        [("Banking__DataFolder", Path.Combine(_folder.FullName, "data")), ("Banking__Keys__Folder", "")];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_printed_commands_work_as_they_are_printed_and_the_bank_is_kept_between_runs()
    {
        string transfer;
        string token;
        await using (var host = await HostProcess.ServeAsync([], Settings))
        {
            var paragraphs = host.Output.Split("\n\n");
            var export = Assert.Single(paragraphs, p => p.StartsWith("export TOKEN=", StringComparison.Ordinal));
            var commands = paragraphs.Where(p => p.StartsWith("curl ", StringComparison.Ordinal)).ToList();
            // The last one corrects what the others ask for.
            var answers = await Task.WhenAll(commands[..^1].Select(c => BashAsync(export + "\n" + c)));

            Assert.Equal(7, commands.Count);
            transfer = Json(answers[0]).GetProperty("id").GetString()!;
            Assert.Equal("4800.00", Json(answers[1]).GetProperty("balance").GetProperty("value").GetString());
            Assert.Equal("6359.75", Json(answers[2]).GetProperty("balance").GetProperty("value").GetString());
            var today = await (await host.TellerAsync())
                .GetAsync("/v1/accounts/XB09DEMO000000000001/balance?effectiveAt=2026-03-10T12:00:00Z");
            Assert.Equal("6509.75", today.Ok().Text("balance", "value"));
            IsPaidAgain(Json(answers[3]).GetProperty("items")[2]);
            var refusal = Assert.Single(Json(answers[4]).GetProperty("items").EnumerateArray().ToList());
            Assert.Equal("insufficient_funds", refusal.GetProperty("code").GetString());
            Assert.Contains("4610.40", refusal.GetRawText(), StringComparison.Ordinal);
            Assert.Contains("event: finished", answers[5], StringComparison.Ordinal);
            await CorrectTheSalaryAsync(export, commands);
            token = await host.TokenAsync();
            Assert.Equal(0, await host.StopAsync());
        }

        await using var restarted = await HostProcess.ServeAsync([], Settings);
        // Tokens of the former run are still valid.
        var teller = new BankClient(restarted.Http(), token);
        Assert.Equal("12.50", (await teller.GetAsync("/v1/transfers/" + transfer)).Ok().Text("amount", "value"));
        Assert.Equal(6, (await teller.GetAsync("/v1/accounts")).Ok().Json.GetProperty("items").GetArrayLength());
        Assert.Contains("Demo bank    unchanged, with the commands since then", restarted.Output, StringComparison.Ordinal);
        var ring = await RingThatOpensNamesAsync(teller);
        await restarted.StopAsync();

        var key = Path.Combine(_folder.FullName, "data", "dev-tokens.pem");
        await File.WriteAllTextAsync(key, "no key", TestContext.Current.CancellationToken);
        var (exitCode, _, error) = await HostProcess.RunAsync(
            ["--urls", "http://127.0.0.1:0"], [.. Settings, ("ASPNETCORE_ENVIRONMENT", "Development")]);
        Assert.Equal(2, exitCode);
        Assert.StartsWith($"{key} is not a key of development tokens", error, StringComparison.Ordinal);

        await using var fresh = await HostProcess.ServeAsync(["--fresh", "--yes", "--no-demo"], Settings);
        Assert.Equal(0, (await (await fresh.TellerAsync()).GetAsync("/v1/accounts")).Ok().Json.GetProperty("items").GetArrayLength());
        Assert.Equal(401, (await new BankClient(fresh.Http(), token).GetAsync("/v1/accounts")).StatusCode);
        Assert.False(File.Exists(ring));
    }

    /// <summary>The file of the key ring, which was made by the former run and opens the names of customers.</summary>
    private async Task<string> RingThatOpensNamesAsync(BankClient teller)
    {
        var customers = (await teller.GetAsync("/v1/customers")).Ok().Json.GetProperty("items").EnumerateArray().ToList();
        Assert.All(customers, customer => Assert.NotEmpty(customer.GetProperty("name").GetString()!));
        return Assert.Single(Directory.GetFiles(Path.Combine(_folder.FullName, "data", "keys")));
    }

    [Fact]
    public async Task The_commands_of_the_readme_work_as_they_are_written()
    {
        await using var host = await HostProcess.ServeAsync([], Settings);
        var readme = await File.ReadAllTextAsync(Path.Combine(TestFolders.Repository, "README.md"), TestContext.Current.CancellationToken);
        var blocks = readme.Split("```").Where((_, i) => i % 2 == 1).Where(b => b.Contains("curl", StringComparison.Ordinal));
        var script = string.Join('\n', blocks).Replace("localhost:5080", host.Address["http://".Length..], StringComparison.Ordinal);

        var answers = (await BashAsync(script)).Split("}\n{").Length;

        Assert.Equal(2, answers);
        var teller = await host.TellerAsync();
        var events = (await teller.GetAsync("/v1/accounts/XB09DEMO000000000001/events?limit=500"))
            .Ok()
            .Json.GetProperty("items")
            .EnumerateArray()
            .ToList();
        Assert.Equal("lunch-1", events[^1].GetProperty("idempotencyKey").GetString());
        Assert.Equal("dev-teller", events[^1].GetProperty("actor").GetString());
    }

    [Fact]
    public async Task A_second_host_on_the_same_folder_is_refused_with_a_message_that_says_who_holds_it()
    {
        await using var first = await HostProcess.ServeAsync(["--no-demo"], Settings);

        var (exitCode, _, error) = await HostProcess.RunAsync(
            ["--no-demo", "--urls", "http://127.0.0.1:0"], [.. Settings, ("ASPNETCORE_ENVIRONMENT", "Development")]);

        Assert.Equal(2, exitCode);
        Assert.Contains(first.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outside_of_Development_it_does_not_start_without_an_issuer_and_issues_no_tokens_itself()
    {
        var database = await TestCluster.NewDatabaseAsync();

        var (exitCode, _, error) = await HostProcess.RunAsync(
            [], ("ConnectionStrings__banking", database), ("ASPNETCORE_ENVIRONMENT", "Production"));

        Assert.Equal(2, exitCode);
        Assert.Contains("Banking:Auth:Authority", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        await TestCluster.DropAsync(database);
    }

    [Fact]
    public async Task Tokens_are_not_given_to_callers_that_a_proxy_stands_for()
    {
        await using var host = await HostProcess.ServeAsync(["--no-demo"], Settings);
        using var http = host.Http();
        using var first = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "Via", "1.1 example" } } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/dev/token")
        {
            Content = new StringContent("""{"role":"teller"}""", System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-Forwarded-For", "203.0.113.7");

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);

        using var page = await http.SendAsync(first, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        var text = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("/docs", text, StringComparison.Ordinal);
        Assert.DoesNotContain("TOKEN", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_page_shows_what_runs_and_its_links_and_tokens_work()
    {
        await using var host = await HostProcess.ServeAsync([], Settings);
        using var http = host.Http();
        var ct = TestContext.Current.CancellationToken;

        var page = await http.GetStringAsync("/", ct);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Accept = { new("application/json") } } };
        using var answer = await http.SendAsync(request, ct);
        var first = Json(await answer.Content.ReadAsStringAsync(ct));

        Assert.StartsWith("<!DOCTYPE html>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        foreach (var link in first.GetProperty("links").EnumerateArray())
        {
            var href = link.GetProperty("href").GetString()!;
            Assert.Contains($"<a href=\"{href}\">", page, StringComparison.Ordinal);
            using var linked = await http.GetAsync(href, ct);
            Assert.Equal(HttpStatusCode.OK, linked.StatusCode);
        }

        Assert.Equal(["customer", "teller", "operator", "auditor"], first.GetProperty("tokens").EnumerateObject().Select(t => t.Name));
        var auditor = new BankClient(host.Http(), first.GetProperty("tokens").GetProperty("auditor").GetString()!);
        (await auditor.GetAsync("/audit/events?limit=1")).Ok();
        var ada = new BankClient(host.Http(), first.GetProperty("tokens").GetProperty("customer").GetString()!);
        Assert.Equal(["EUR", "USD"], (await ada.GetAsync("/v1/accounts")).Ok().Items().Select(a => a.GetProperty("currency").GetString()));
        Assert.Equal(6, first.GetProperty("questions").GetArrayLength());
    }

    [Fact]
    public async Task A_bank_with_a_history_of_its_own_gets_no_demo_history()
    {
        await using (var host = await HostProcess.ServeAsync(["--no-demo"], Settings))
        {
            await (await host.TellerAsync()).RegisterAsync();
            await host.StopAsync();
        }

        await using var again = await HostProcess.ServeAsync([], Settings);

        Assert.Contains("Demo bank    not created", again.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("curl", again.Output, StringComparison.Ordinal);
        Assert.Empty((await (await again.TellerAsync()).GetAsync("/v1/accounts")).Ok().Json.GetProperty("items").EnumerateArray());
    }

    private static void IsPaidAgain(JsonElement salary) => Assert.Equal(
        ("salary, paid a second time by mistake", "2026-01-06T15:02:00+00:00"),
        (salary.GetProperty("reason").GetProperty("text").GetString(), salary.GetProperty("recordedAt").GetString()));

    /// <summary>Runs the last command, which corrects the double salary, and asks for the balance as known since then and before.</summary>
    private static async Task CorrectTheSalaryAsync(string export, List<string> commands)
    {
        Assert.Equal("duplicate", Json(await BashAsync(export + "\n" + commands[^1])).GetProperty("kind").GetString());
        foreach (var (known, balance) in new[] { ("", "2400.00"), ("&knownAt=2026-10-31T12:00:00Z", "4800.00") })
        {
            var again = commands[1].Replace("15:00:00Z", "15:00:00Z" + known, StringComparison.Ordinal);
            Assert.Equal(balance, Json(await BashAsync(export + "\n" + again)).GetProperty("balance").GetProperty("value").GetString());
        }
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private static async Task<string> BashAsync(string script)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
