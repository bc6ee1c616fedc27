using System.Text.Json;
using Banking.Commands.Approvals;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using static Banking.Approvals.Tests.ApprovalBank;

namespace Banking.Approvals.Tests;

/// <summary>Every command on an existing account can be proposed to a second person.</summary>
[Collection(nameof(Shared))]
public sealed class ProposedCommandTests(ApprovalBank bank)
{
    private static readonly object Euros = new { value = "40.00", currency = "EUR" };

    private readonly BankClient _ada = bank.Person("ada");
    private readonly BankClient _bob = bank.Person("bob");

    /// <summary>Path and body of a command on an account A and an account B, the name of the command, and A after it.</summary>
    public static TheoryData<string, object, string, string> Commands => new()
    {
        { "deposits", new { accountId = "A", amount = Euros, reason = "why" }, "accounts.deposit-money.v1", "140.00 0.00 open" },
        { "withdrawals", new { accountId = "A", amount = Euros, reason = "why" }, "accounts.withdraw-money.v1", "60.00 0.00 open" },
        {
            "transfers", new { fromAccountId = "A", toAccountId = "B", amount = Euros, reason = "why" }, "accounts.transfer-money.v1",
            "60.00 0.00 open"
        },
        {
            "accounts/A/overdraft-limit", new { limit = Euros, reasonCode = "code", reason = "why" }, "accounts.change-overdraft-limit.v1",
            "100.00 40.00 open"
        },
        {
            "accounts/A/freeze", new { scope = "debit", reasonCode = "code", reason = "why" }, "accounts.freeze-account.v1",
            "100.00 0.00 open frozen"
        },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_proposed_command_changes_nothing_until_another_person_approves_it(
        string path, object body, string command, string after)
    {
        var (account, _) = await bank.DepositedAsync();
        var other = await bank.Teller.OpenAsync();
        path = "/v1/" + path.Replace("A", account, StringComparison.Ordinal);
        var sent = Named(body, account, other);

        var proposed = await _ada.PostAsync(path + "?propose=true", sent, ("If-Match", "\"2\""));
        Assert.True(proposed.StatusCode == 202, proposed.Body);
        Assert.Equal("100.00 0.00 open", await StateAsync(account));
        var open = await bank.ReadAsync(proposed.Text("id"));
        Assert.Equal((command, "why", "ada"), (open.Text("command", "type"), open.Text("reason"), open.Text("proposedBy")));
        (await ApproveAsync(_ada, (open.Text("id"), open.Text("commandHash")))).IsProblem(422, "own_proposal");

        var approved = (await ApproveAsync(_bob, (open.Text("id"), open.Text("commandHash")))).Ok();

        Assert.Equal(("executed", "bob"), (approved.Text("status"), approved.Text("decidedBy")));
        Assert.Equal(after, await StateAsync(account));
        var shown = (await bank.Teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Items()[^1];
        Assert.Equal(
            ("why", open.Text("id")), (shown.GetProperty("reason").Text("text"), shown.GetProperty("approval").Text("proposalId")));
        if (approved.Json.TryGetProperty("result", out var result))
        {
            Assert.Equal("40.00", (await bank.Teller.GetAsync(result.GetString()!)).Ok().Json.GetProperty("amount").Text("value"));
        }

        Assert.Equal(path.Contains("accounts", StringComparison.Ordinal), !approved.Json.TryGetProperty("result", out _));
        await bank.AgreesWithItsLogAsync();
    }

    [Fact]
    public async Task An_account_is_unfrozen_and_closed_by_proposals()
    {
        var account = await bank.Teller.OpenAsync();
        var why = new { reasonCode = "code", reason = "why" };
        (await bank.Teller.PostAsync($"/v1/accounts/{account}/freeze", new { scope = "all", why.reasonCode, why.reason })).Ok();

        await ApprovedAsync($"/v1/accounts/{account}/unfreeze", new { scope = "all", why.reasonCode, why.reason });
        await ApprovedAsync($"/v1/accounts/{account}/close", why);

        Assert.Equal("0.00 0.00 closed", await StateAsync(account));
    }

    [Fact]
    public async Task A_proposal_that_was_not_carried_out_is_named_where_its_booking_is_missing()
    {
        var (account, other) = (await bank.Teller.OpenAsync(), await bank.Teller.OpenAsync(balance: "500.00"));
        var number = (await bank.Teller.GetAsync($"/v1/accounts/{account}")).Ok().Text("number");
        var amount = new { value = "93.93", currency = "EUR" };
        // In the form of print, and in small letters.
        var spelled = string.Join(' ', number.Chunk(4).Select(group => new string(group))).ToLowerInvariant();
        var open = await ProposedAsync("/v1/transfers", new { fromAccountId = other, toAccountId = number, amount, reason = "rent" });
        var rejected = await ProposedAsync("/v1/transfers", new { fromAccountId = other, toAccountId = spelled, amount, reason = "rent" });
        (await ApprovalBank.EndAsync(_bob, rejected.Text("id"), "reject")).Ok();
        var done = await ProposedAsync("/v1/deposits", new { accountId = account, amount, reason = "rent" });
        (await ApproveAsync(_bob, (done.Text("id"), done.Text("commandHash")))).Ok();

        var missing = await MissingAsync("187.86");

        Assert.Equal(
            new[] { $"open /v1/proposals/{open.Text("id")}", $"rejected /v1/proposals/{rejected.Text("id")}" }.Order(),
            missing.Where(m => m.Text("rule") == "proposed-command").Select(m => $"{m.Text("code")} {m.Text("link")}").Order());
        Assert.DoesNotContain(await MissingAsync("0.00"), m => m.Text("rule") == "proposed-command");

        async Task<List<JsonElement>> MissingAsync(string expected) => [.. (await bank.Teller.GetAsync(
            $"/v1/accounts/{account}/balance/mistakes?expected={expected}")).Ok().Json.GetProperty("missing").EnumerateArray()];

        async Task<Answer> ProposedAsync(string path, object command)
        {
            var proposed = await _ada.PostAsync(path + "?propose=true", command);
            Assert.True(proposed.StatusCode == 202, proposed.Body);
            return proposed;
        }
    }

    [Fact]
    public async Task Proposals_are_searched_by_account_and_amount_and_the_newest_are_found()
    {
        var (account, other) = (await bank.Teller.OpenAsync(), await bank.Teller.OpenAsync());
        var links = new List<string>();
        (string To, string Value)[] deposits =
        [
            (account, "7.31"), (account, "7.32"), (account, "7.32"), (other, "7.31"), (account, "7.31"), (account, "7.31"),
            (account, "7.32"),
        ];
        foreach (var (to, value) in deposits)
        {
            var proposed = await _ada.PostAsync(
                "/v1/deposits?propose=true", new { accountId = to, amount = new { value, currency = "EUR" }, reason = "rent" });
            links.Add("/v1/proposals/" + proposed.Text("id"));
        }

        var found = await bank.Host.Services.GetRequiredService<IProposals>().NotExecutedAsync(
            [
                new(
                    """{"type":"accounts.deposit-money.v1","fields":{"amount":{"minor":731,"currency":"EUR"}}}""", "account",
                    [account.ToUpperInvariant()]),
            ],
            limit: 2,
            TestContext.Current.CancellationToken);

        Assert.Equal([links[5], links[4]], found.Select(p => p.Address));
        var candidates = (await bank.Teller.GetAsync($"/v1/accounts/{account}/balance/mistakes?expected=7.31")).Ok().Json
            .GetProperty("missing").EnumerateArray().Where(m => m.Text("rule") == "proposed-command").Select(m => m.Text("link"));
        Assert.Equal([links[5], links[4], links[0]], candidates);
    }

    [Fact]
    public async Task Another_limit_makes_the_proposal_of_a_limit_void()
    {
        var (account, _) = await bank.DepositedAsync();
        var path = $"/v1/accounts/{account}/overdraft-limit";
        var proposed = await _ada.PostAsync(path + "?propose=true", new { limit = "50.00", reasonCode = "code", reason = "why" });
        (await bank.Teller.PostAsync(path, new { limit = "10.00", reasonCode = "code", reason = "why" })).Ok();

        var approved = (await ApproveAsync(_bob, (proposed.Text("id"), proposed.Text("commandHash")))).Ok();

        Assert.Equal(("void", $"[\"{account}.overdraftLimit\"]"), (approved.Text("status"), approved.Text("changed")));
        Assert.Equal("100.00 10.00 open", await StateAsync(account));
    }

    [Fact]
    public async Task What_would_be_refused_is_not_proposed()
    {
        var (account, _) = await bank.DepositedAsync("10.00");
        var body = new { accountId = account, amount = Euros, reason = "why" };

        (await _ada.PostAsync("/v1/withdrawals?propose=true", body)).IsProblem(422, "insufficient_funds");
        (await _ada.PostAsync("/v1/withdrawals?propose=yes", body)).IsProblem(400, "malformed_propose");
        (await _ada.PostAsync("/v1/withdrawals/batch?propose=true", new { mode = "atomic", items = Array.Empty<object>() }))
            .IsProblem(400, "unknown_parameter");
    }

    [Fact]
    public async Task A_customer_proposes_nothing_not_even_a_transfer_of_their_own()
    {
        var owner = await bank.Teller.RegisterAsync();
        var account = await bank.Teller.OpenAsync(customer: owner);
        var other = await bank.Teller.OpenAsync();
        (await bank.Teller.DepositAsync(account, "100.00")).Created();

        (await bank.As("customer", owner).PostAsync(
            "/v1/transfers?propose=true", new { fromAccountId = account, toAccountId = other, amount = Euros, reason = "why" }))
            .IsProblem(403, "forbidden");
    }

    private static Dictionary<string, object?> Named(object body, string account, string other)
    {
        var members = body.GetType().GetProperties().ToDictionary(p => p.Name, p => p.GetValue(body));
        foreach (var (name, value) in members.Where(m => m.Value is "A" or "B").ToList())
        {
            members[name] = value is "A" ? account : other;
        }

        return members;
    }

    private async Task ApprovedAsync(string path, object body)
    {
        var proposed = await _ada.PostAsync(path + "?propose=true", body);
        Assert.True(proposed.StatusCode == 202, proposed.Body);
        Assert.Equal("executed", (await ApproveAsync(_bob, (proposed.Text("id"), proposed.Text("commandHash")))).Ok().Text("status"));
    }

    private async Task<string> StateAsync(string account)
    {
        var json = (await bank.Teller.GetAsync($"/v1/accounts/{account}")).Ok().Json;
        var frozen = json.GetProperty("frozen").GetProperty("debit").GetBoolean() ? " frozen" : "";
        var (balance, limit) = (json.GetProperty("balance"), json.GetProperty("overdraftLimit"));
        return $"{balance.Text("value")} {limit.Text("value")} {json.Text("status")}{frozen}";
    }
}
