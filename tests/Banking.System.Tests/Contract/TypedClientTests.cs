using System.Text.Json.Nodes;
using Banking.Client;
using Banking.Testing;
using ClientGenerator;
using TypedClient = Banking.Client.BankClient;

namespace Banking.System.Tests.Contract;

/// <summary>What a newcomer does first, with the client that is made from the OpenAPI document.</summary>
public sealed class TypedClientTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task Money_moves_once_and_the_past_can_be_asked_for()
    {
        var client = Client("teller");
        var (from, to) = (await OpenAsync(client), await OpenAsync(client));
        await client.DepositMoneyAsync("salary-" + from, new() { AccountId = from, Amount = Eur("20.00"), Reason = "salary" });
        var rent = new TransferRequest { FromAccountId = from, ToAccountId = to, Amount = Eur("12.50"), Reason = "rent" };

        var transfer = await client.TransferMoneyAsync("rent-" + from, rent);
        var again = await client.TransferMoneyAsync("rent-" + from, rent);

        Assert.Equal((transfer.Id, "7.50"), (again.Id, again.Balance?.Value));
        Assert.Equal("7.50", (await client.GetBalanceAsync(from)).Balance.Value);
        Assert.Equal("20.00", (await client.GetBalanceAsync(from, version: 2)).Balance.Value);
        Assert.Equal(["20.00", "12.50"], (await client.ListEntriesAsync(from)).Items.Select(e => e.Amount!.Value).OrderDescending());
        Assert.Equal(2, (await client.ListEntriesAsync(from, from: "2020-01-01", to: "2900-01-01T00:00", tz: "Europe/Berlin")).Items.Count);
        Assert.Contains((await client.ListAccountsAsync(status: AccountStatus.Open, limit: 500)).Items, a => a.Id == from);
    }

    [Fact]
    public async Task A_refusal_is_an_exception_with_its_code_and_facts()
    {
        var client = Client("teller");
        var account = await OpenAsync(client);

        var refused = await Assert.ThrowsAsync<BankException<Problem>>(() => client.WithdrawMoneyAsync(
            "w-" + account, new() { AccountId = account, Amount = Eur("5.00"), Reason = "cash" }));

        Assert.Equal((422, "insufficient_funds"), (refused.StatusCode, refused.Result.Code));
        Assert.Contains("available", refused.Result.AdditionalProperties.Keys);
        var frozen = await client.FreezeAccountAsync(
            account, new() { Scope = FreezeScope.Debit, ReasonCode = "fraud", Reason = "a report" });
        Assert.True(frozen.Frozen.Debit);
        Assert.Equal(
            (401, "unauthenticated"),
            await ProblemOfAsync(() => new TypedClient(bank.Host.Server.CreateClient()).GetAccountAsync(account)));
    }

    [Fact]
    public async Task A_correction_is_tried_without_effect_and_then_booked()
    {
        var client = Client("teller");
        var account = await OpenAsync(client);
        var deposit = await client.DepositMoneyAsync("d-" + account, new() { AccountId = account, Amount = Eur("70.00"), Reason = "cash" });
        var correction = new CorrectionRequest
        {
            Kind = CorrectionKind.Amount,
            Amount = Eur("7.00"),
            ReasonCode = "typo",
            Reason = "a zero too many",
        };

        var preview = await client.CorrectTransactionDryRunAsync(deposit.Id, "c-" + account, correction);
        Assert.Equal("70.00", (await client.GetBalanceAsync(account)).Balance.Value);
        var corrected = await client.CorrectTransactionAsync(deposit.Id, "c-" + account, correction);

        Assert.Equal("7.00", Assert.Single(preview.Accounts).Balances[^1].KnownAfter.Value);
        Assert.Equal((deposit.Id, "7.00"), (corrected.Corrects, (await client.GetBalanceAsync(account)).Balance.Value));
    }

    [Fact]
    public async Task A_correction_is_proposed_read_and_approved_by_a_second_person()
    {
        var client = Client("teller");
        var account = await OpenAsync(client);
        var deposit = await client.DepositMoneyAsync("d-" + account, new() { AccountId = account, Amount = Eur("70.00"), Reason = "cash" });
        CorrectionRequest correction = new() { Kind = CorrectionKind.Reversal, ReasonCode = "twice", Reason = "paid twice" };

        var proposed = await client.CorrectTransactionProposalAsync(deposit.Id, "p-" + account, correction);
        var read = await client.GetProposalAsync(proposed.Id);
        var approved = await Client("operator").ApproveProposalAsync(
            proposed.Id, "a-" + account, new() { CommandHash = read.CommandHash });

        Assert.Equal((ProposalStatus.Open, ProposalStatus.Executed), (read.Status, approved.Status));
        Assert.Equal("0.00", (await client.GetBalanceAsync(account)).Balance.Value);
    }

    [Fact]
    public async Task An_instant_of_a_query_keeps_its_offset_and_its_fraction()
    {
        var client = Client("teller");
        var account = await OpenAsync(client);
        var knownAt = bank.Clock.Now.AddTicks(1_234_560).ToOffset(TimeSpan.FromHours(5.5));
        bank.Clock.Advance(TimeSpan.FromMinutes(1));
        await client.DepositMoneyAsync("later-" + account, new() { AccountId = account, Amount = Eur("20.00"), Reason = "salary" });

        var balance = await client.GetBalanceAsync(account, knownAt: knownAt);

        Assert.Equal((knownAt.UtcDateTime, "0.00"), (balance.KnownAt.UtcDateTime, balance.Balance.Value));
    }

    [Fact]
    public async Task The_list_of_problems_is_read_as_JSON() =>
        Assert.Contains((await Client("teller").ListProblemsAsync()).Items, p => p.Code == "insufficient_funds");

    [Fact]
    public void The_client_offers_no_header_whose_answer_it_cannot_read() => Assert.DoesNotContain(
        typeof(TypedClient).GetMethods().SelectMany(m => m.GetParameters()),
        p => string.Equals(p.Name, "ifNoneMatch", StringComparison.OrdinalIgnoreCase));

    [Fact]
    public async Task No_client_is_made_of_an_operation_with_two_kinds_of_success()
    {
        var document = JsonNode.Parse((await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Body)!;
        JsonNode Answers(string path) => document["paths"]![path]!["post"]!["responses"]!;
        Answers("/v1/transfers")["200"] = Answers("/v1/accounts")["201"]!.DeepClone();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => CSharpClient.GenerateAsync(document.ToJsonString()));

        Assert.Contains("transferMoney", refused.Message, StringComparison.Ordinal);
    }

    private TypedClient Client(string role)
    {
        var http = bank.Host.Server.CreateClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", bank.Token(role));
        return new(http);
    }

    private static async Task<string> OpenAsync(TypedClient client)
    {
        var ada = await client.RegisterCustomerAsync(new() { Name = "Ada" });
        return (await client.OpenAccountAsync(new() { CustomerId = ada.Id, Currency = "EUR" })).Id;
    }

    private static async Task<(int, string)> ProblemOfAsync(Func<Task> request)
    {
        var refused = await Assert.ThrowsAsync<BankException<Problem>>(request);
        return (refused.StatusCode, refused.Result.Code);
    }

    private static Amount Eur(string value) => new() { Value = value, Currency = "EUR" };
}
