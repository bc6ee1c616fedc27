using Banking.Testing;

namespace Banking.System.Tests.Contract;

/// <summary>Every GET of a populated bank answers what the OpenAPI document says: status, headers, and each member of the body.</summary>
public sealed class EveryGetTests(PopulatedBank bank) : IClassFixture<PopulatedBank>
{
    [Fact]
    public async Task Each_answer_is_as_the_document_says()
    {
        var contract = new ServedContract((await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Body);
        var (operators, untold) = (bank.As("operator"), new List<string>());
        var paths = contract.Paths("get").ToList();
        foreach (var path in paths)
        {
            foreach (var address in bank.AddressesOf(path))
            {
                var answer = await operators.GetAsync(address, ("Accept", "application/json, application/*;q=0.9"));
                untold.AddRange(answer.StatusCode == 200
                    ? contract.FindUntold("get", path, answer)
                    : [$"{address}: {answer.StatusCode} {answer.Body}"]);
            }
        }

        Assert.True(paths.Count > 40, $"Only {paths.Count} addresses were found.");
        Assert.True(untold.Count == 0, string.Join('\n', untold));
    }

    [Fact]
    public async Task Each_problem_is_as_the_document_says()
    {
        var contract = new ServedContract((await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Body);
        var (caller, untold) = (bank.As("operator"), new List<string>());
        foreach (var path in contract.Paths("get"))
        {
            Answer[] answers =
            [
                await caller.GetAsync(bank.AddressesOf(path)[0].Split('?')[0] + "?unknown=1"),
                await caller.GetAsync(PopulatedBank.Nowhere(path)),
                await caller.GetAsync(bank.AddressesOf(path)[0], ("Accept", "image/png")),
                await bank.Anonymous().GetAsync(bank.AddressesOf(path)[0]),
                // Documents that everyone may read have no position.
                await (contract.NeedsToken("get", path) ? caller : bank.Anonymous())
                    .GetAsync(bank.AddressesOf(path)[0], ("Ledger-Min-Position", "999999999"), ("Prefer", "wait=0")),
            ];
            untold.AddRange(answers.Where(a => a.StatusCode >= 400).SelectMany(a => contract.FindUntold("get", path, a)));
        }

        Assert.True(untold.Count == 0, string.Join('\n', untold));
    }

    [Fact]
    public async Task A_difference_is_found()
    {
        var text = (await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Body;
        var answer = await bank.As("operator").GetAsync(bank.AddressesOf("/v1/accounts/{account}")[0]);

        Assert.Empty(new ServedContract(text).FindUntold("get", "/v1/accounts/{account}", answer));
        foreach (var changed in (Answer[])
            [
                answer with { Body = answer.Body.Replace("\"currency\"", "\"curency\"", StringComparison.Ordinal) },
                answer with { Body = answer.Body.Replace("\"version\":", "\"version\":\"\",\"v\":", StringComparison.Ordinal) },
                answer with { Body = answer.Body.Replace("+00:00", "", StringComparison.Ordinal) },
                answer with { Status = global::System.Net.HttpStatusCode.Created },
                answer with { Headers = new Dictionary<string, string>(answer.Headers) { ["Location"] = "/" } },
            ])
        {
            Assert.NotEmpty(new ServedContract(text).FindUntold("get", "/v1/accounts/{account}", changed));
        }
    }
}
