using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Batches whose commands are all applied or none.</summary>
public sealed class AtomicBatchTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task All_commands_are_applied_in_order_and_each_sees_the_ones_before()
    {
        var (ada, ben, eve) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync(), await _teller.OpenAsync());
        var answer = await PostAsync(("1", ada, ben, "10.00"), ("2", ben, eve, "9.00"), ("3", eve, ada, "8.00"));

        var results = answer.Ok().Results();
        Assert.All(results, r => Assert.Equal((201, true), (r.GetProperty("status").GetInt32(), r.GetProperty("applied").GetBoolean())));
        Assert.Equal(
            ["8.00", "1.00", "1.00"], [await _teller.BalanceAsync(ada), await _teller.BalanceAsync(ben), await _teller.BalanceAsync(eve)]);
        Assert.Single(results.Select(r => r.GetProperty("body").GetProperty("recordedAt").GetString()).Distinct());
    }

    [Fact]
    public async Task One_refusal_undoes_the_batch_and_frees_its_keys_but_is_recorded()
    {
        var (ada, ben) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var before = await bank.RowsAsync();
        (string, string, string, string)[] items = [("u1", ada, ben, "6.00"), ("u2", ada, ben, "5.00"), ("u3", ben, ada, "1.00")];
        var answer = await PostAsync(items);

        answer.IsProblem(422, "batch_not_done");
        var results = answer.Results();
        Assert.Equal(
            ["batch_refused", "insufficient_funds", "batch_refused"],
            results.Select(r => r.GetProperty("body").GetProperty("code").GetString()));
        results[1].GetProperty("body").GetProperty("available").IsMoney("4.00");
        Assert.Equal(1, results[0].GetProperty("body").GetProperty("failedIndex").GetInt32());
        Assert.Equal(1, results[1].GetProperty("body").GetProperty("batchIndex").GetInt32());
        Assert.Equal(("10.00", "0.00"), (await _teller.BalanceAsync(ada), await _teller.BalanceAsync(ben)));
        var after = await bank.RowsAsync();
        foreach (var table in (string[])["platform.mt_doc_refusal", "bank.mt_events", "bank.mt_streams"])
        {
            var rows = await bank.CountAsync(table);
            after = after.Replace($"{table} {rows},", $"{table} {rows - 1},", StringComparison.Ordinal);
        }

        // Only the refusal and its event are stored: no receipt, no movement, none of the other commands.
        Assert.Equal(before, after);

        var kept = Assert.Single((await _teller.GetAsync($"/v1/accounts/{ada}/refusals")).Ok().Items());
        Assert.Equal((1, 2), (kept.GetProperty("facts").GetProperty("batchIndex").GetInt32(), kept.GetProperty("version").GetInt32()));

        // The refusal depended on the batch's own commands, so with more money the same batch is accepted.
        (await _teller.DepositAsync(ada, "100.00")).Created();
        Assert.All((await PostAsync(items)).Ok().Results(), r => Assert.False(r.GetProperty("replayed").GetBoolean()));
        Assert.Equal(("100.00", "10.00"), (await _teller.BalanceAsync(ada), await _teller.BalanceAsync(ben)));
    }

    [Fact]
    public async Task A_command_refused_by_the_stored_state_stays_refused_under_its_key()
    {
        var (ada, ben) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        (string, string, string, string)[] items = [("g1", ada, ben, "11.00"), ("g2", ada, ben, "1.00")];
        (await PostAsync(items)).IsProblem(422, "batch_not_done");

        (await _teller.DepositAsync(ada, "100.00")).Created();
        var again = await PostAsync(items);
        again.IsProblem(422, "batch_not_done");
        Assert.Equal([true, false], again.Results().Select(r => r.GetProperty("replayed").GetBoolean()));
        (await PostAsync(items[1])).Ok();
    }

    [Fact]
    public async Task A_command_applied_before_is_never_reported_as_undone()
    {
        var (ada, ben) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        (await PostAsync(("d1", ada, ben, "1.00"))).Ok();

        foreach (var bad in new[] { ("d2", ada, ben, "1.001"), ("d2", ada, "acc_nobody", "1.00"), ("d2", ada, ben, "99.00") })
        {
            var results = (await PostAsync(("d1", ada, ben, "1.00"), bad)).Results();
            Assert.Equal([(true, 201), (false, results[1].GetProperty("status").GetInt32())],
                results.Select(r => (r.GetProperty("applied").GetBoolean(), r.GetProperty("status").GetInt32())));
        }

        Assert.Equal("9.00", await _teller.BalanceAsync(ada));
    }

    [Fact]
    public async Task A_repeated_batch_gets_the_same_answer_and_a_partly_known_one_applies_the_rest()
    {
        var (ada, ben) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var first = (await PostAsync(("r1", ada, ben, "1.00"), ("r2", ada, ben, "2.00"))).Ok();

        var again = (await PostAsync(("r1", ada, ben, "1.00"), ("r2", ada, ben, "2.00"))).Ok();
        Assert.All(again.Results(), r => Assert.True(r.GetProperty("replayed").GetBoolean()));
        Assert.Equal(first.Body.Replace("\"replayed\":false", "\"replayed\":true", StringComparison.Ordinal), again.Body);

        var more = (await PostAsync(("r2", ada, ben, "2.00"), ("r3", ada, ben, "3.00"))).Ok().Results();
        Assert.Equal([true, false], more.Select(r => r.GetProperty("replayed").GetBoolean()));
        Assert.Equal("4.00", await _teller.BalanceAsync(ada));
    }

    [Fact]
    public async Task A_malformed_command_or_a_reused_key_prevents_the_whole_batch()
    {
        var (ada, ben) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        (await PostAsync(("m1", ada, ben, "1.00"))).Ok();
        var before = await bank.RowsAsync();
        foreach (
            var (bad, code) in new[]
            {
                (("m2", ada, ben, "1.001"), "invalid_amount"),
                (("m2", ada, "acc_nobody", "1.00"), "account_not_found"),
                (("m1", ada, ben, "2.00"), "idempotency_key_reused"),
            })
        {
            var answer = await PostAsync(("m3", ada, ben, "1.00"), bad);
            answer.IsProblem(422, "batch_not_done");
            Assert.Equal(["batch_refused", code], answer.Results().Select(r => r.GetProperty("body").GetProperty("code").GetString()));
        }

        Assert.Equal(before, await bank.RowsAsync());
    }

    [Fact]
    public async Task Concurrent_batches_on_the_same_accounts_are_applied_wholly_or_not_at_all()
    {
        // Ten batches of ten with money for four: a partly applied batch would leave a rest that is not a multiple of 10.
        var (ada, ben) = (await _teller.OpenAsync(balance: "45.00"), await _teller.OpenAsync());
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(batch =>
            PostAsync([.. Enumerable.Range(0, 10).Select(i => ($"race-{batch}-{i}", ada, ben, "1.00"))])));

        Assert.Equal((4, 6), (answers.Count(a => a.StatusCode == 200), answers.Count(a => a.StatusCode == 422)));
        Assert.Equal(("5.00", "40.00"), (await _teller.BalanceAsync(ada), await _teller.BalanceAsync(ben)));
        Assert.Equal(42, (await _teller.GetAsync($"/v1/accounts/{ada}")).Ok().Json.GetProperty("version").GetInt64());
        Assert.Equal(41, (await _teller.GetAsync($"/v1/accounts/{ben}")).Ok().Json.GetProperty("version").GetInt64());
    }

    private Task<Answer> PostAsync(params (string Key, string From, string To, string Value)[] items) =>
        _teller.PostAsync(
            "/v1/transfers/batch",
            new
            {
                mode = "atomic",
                items = items.Select(i => new
                {
                    idempotencyKey = i.Key,
                    command = new
                    {
                        fromAccountId = i.From,
                        toAccountId = i.To,
                        amount = new { value = i.Value, currency = "EUR" },
                        reason = "test",
                    },
                }),
            });
}
