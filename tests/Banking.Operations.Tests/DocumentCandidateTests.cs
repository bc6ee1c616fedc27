using System.Net;
using System.Text.Json;
using Banking.Commands.Operators;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Rebuilding;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>A candidate of documents is made by Marten's daemon in its own schema, and compared with the documents that serve.</summary>
public sealed class DocumentCandidateTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    private const string Name = "account-directory";
    private const string Candidate = $"/ops/projections/{Name}/candidate";

    private static readonly object Why = new { reasonCode = "trial", reason = "What would change?" };

    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");

    [Fact]
    public async Task A_forged_document_is_listed_by_account_and_member_and_gone_after_the_switch()
    {
        var account = await _teller.OpenAsync();
        await bank.DocumentsCurrentAsync();
        Assert.Equal("equal", State(await BuildAsync()));
        (await DropAsync()).Ok();
        await bank.ExecuteAsync(
            """
            update accounts.mt_doc_account_directory set data = jsonb_set(data, '{overdraftLimit,minor}', '7') where id = $1
            """, Id(account));

        var built = await BuildAsync();

        Assert.Equal("differs", State(built));
        var item = Assert.Single(built.GetProperty("items").EnumerateArray());
        var change = Assert.Single(item.GetProperty("changes").EnumerateArray());
        Assert.Equal(
            (account, "data.overdraftLimit.minor", "7", "0"),
            (item.GetProperty("account").GetString(), change.GetProperty("column").GetString(), change.GetProperty("active").GetString(),
                change.GetProperty("candidate").GetString()));
        Assert.Equal(["7"], await LimitAsync(account));

        var switched = await _operator.PostAsync($"{Candidate}/switch", Why);

        switched.Is(HttpStatusCode.Accepted);
        Assert.Equal($"/ops/projections/{Name}/rebuild", switched.Header("Location"));
        await bank.DocumentsCurrentAsync();
        Assert.Equal(["0"], await LimitAsync(account));
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_program_with_a_changed_projection_lists_what_it_changes_and_leaves_what_serves_alone()
    {
        var account = await _teller.OpenAsync();
        await bank.DocumentsCurrentAsync();
        var before = await bank.QueryAsync<string>("select d::text from accounts.mt_doc_account_directory d order by id");
        await using var program = ChangedDirectory.CreateProgram(bank);

        var number = await program.GetRequiredService<Trials>().RunAsync(Name, OperatorAction.OfTheBank("a test"), CancellationToken.None);

        var page = await program.GetRequiredService<CandidateDifferences>().PageAsync(Name, number!.Value, null, 500, default);
        Assert.Equal(before.Count, page.Count);
        var change = Assert.Single(page.Single(d => d.Stream == Id(account)).Changes);
        Assert.Equal(("data.product", "\"current\"", "\"changed\""), (change.Column, change.Active, change.Candidate));
        Assert.Equal(before, await bank.QueryAsync<string>("select d::text from accounts.mt_doc_account_directory d order by id"));
        Assert.Equal((409, "other_version"), StatusAndCode(await _operator.PostAsync($"{Candidate}/switch", Why)));
        (await DropAsync()).Ok();
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_candidate_that_cannot_be_projected_says_why_and_can_be_dropped()
    {
        var account = await _teller.OpenAsync();
        await bank.DocumentsCurrentAsync();
        await using var program = ChangedDirectory.CreateProgram(bank, poison: Id(account));

        await program.GetRequiredService<Trials>().RunAsync(Name, OperatorAction.OfTheBank("a test"), CancellationToken.None);

        var paused = (await _operator.GetAsync(Candidate)).Ok().Json.GetProperty("candidate").GetProperty("paused");
        Assert.Contains("a planted bug", paused.GetProperty("reason").GetString(), StringComparison.Ordinal);
        (await DropAsync()).Ok();
        await NothingIsLeftAsync();
    }

    private async Task<JsonElement> BuildAsync()
    {
        (await _operator.PostAsync(Candidate, Why)).Is(HttpStatusCode.Accepted);
        return await Eventually.UntilAsync(
            async () => (await _operator.GetAsync(Candidate)).Ok().Json, c => State(c) != "building");
    }

    private Task<Answer> DropAsync() =>
        _operator.SendAsync(HttpMethod.Delete, $"{Candidate}?reasonCode=trial&reason=It%20was%20only%20looked%20at.", null);

    private Task<List<string>> LimitAsync(string account) => bank.QueryAsync<string>(
        "select data -> 'overdraftLimit' ->> 'minor' from accounts.mt_doc_account_directory where id = $1", Id(account));

    private async Task NothingIsLeftAsync()
    {
        Assert.Empty(await bank.QueryAsync<string>("select nspname::text from pg_namespace where nspname like 'scratch%'"));
        Assert.Empty(await bank.QueryAsync<string>("select name from bank.mt_event_progression where name like '%candidate%'"));
    }

    private static string? State(JsonElement view) => view.GetProperty("candidate").GetProperty("state").GetString();

    private static Guid Id(string account) => PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);

    private static (int, string) StatusAndCode(Answer answer) => (answer.StatusCode, answer.Code);
}
