using System.Text.Json;
using Banking.Testing;

namespace Banking.System.Tests.Contract;

/// <summary>What tools of others make of the OpenAPI document that a host serves.</summary>
public sealed class ToolsOfClientsTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly string Served = Path.Combine(NodeTools.Folder, "served.json");

    [Fact]
    public async Task Redocly_finds_neither_errors_nor_warnings()
    {
        await NodeTools.RequireAsync();
        await SaveAsync(await bank.Anonymous().GetAsync("/openapi/v1.json"));

        var (exitCode, output) = await NodeTools.RunAsync("redocly", "lint", "--extends", "recommended", "--format", "json", Served);

        var totals = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..(output.LastIndexOf('}') + 1)])
            .RootElement.GetProperty("totals");
        Assert.True(
            (exitCode, totals.GetProperty("errors").GetInt32(), totals.GetProperty("warnings").GetInt32()) == (0, 0, 0), output);
    }

    [Fact]
    public async Task Types_for_TypeScript_compile_strictly_and_move_money()
    {
        await NodeTools.RequireAsync();
        // The host starts while the program is compiled.
        var start = HostProcess.ServeAsync(["--no-demo"], ("ConnectionStrings__banking", bank.ConnectionString));
        await SaveAsync(await bank.Anonymous().GetAsync("/openapi/v1.json"));

        Succeeds(await NodeTools.RunAsync("openapi-typescript", Served, "--output", "bank.ts"));
        Succeeds(await NodeTools.RunAsync(
            "tsc", "--strict", "--noUncheckedIndexedAccess", "--skipLibCheck", "--target", "es2022", "--module", "es2022",
            "--moduleResolution", "bundler", "--lib", "es2022,dom", "--outDir", "out", "move-money.ts"));
        await using var host = await start;
        var moved = JsonDocument.Parse(Succeeds(await NodeTools.ProcessAsync("node", "out/move-money.js", host.Address))).RootElement;

        Assert.Equal(("7.50", "insufficient_funds"), (moved.GetProperty("balance").GetString(), moved.GetProperty("refused").GetString()));
        var transfer = await (await host.TellerAsync()).GetAsync("/v1/transfers/" + moved.GetProperty("id").GetString());
        Assert.Equal("12.50", transfer.Ok().Text("amount", "value"));
    }

    private static string Succeeds((int ExitCode, string Output) run)
    {
        Assert.True(run.ExitCode == 0, run.Output);
        return run.Output;
    }

    private static Task SaveAsync(Answer document) => File.WriteAllTextAsync(Served, document.Ok().Body);
}
