using Banking.Testing;

namespace Banking.Operations.Tests;

/// <summary>
/// Repairs by an operator: only of known models, not during a rebuild, and only as far as the log is consistent.
/// </summary>
public sealed class RepairTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly object Why = new { reasonCode = "mended", reason = "Somebody changed it by hand." };

    private readonly BankClient _operator = bank.As("operator");

    [Fact]
    public async Task An_unknown_model_a_missing_reason_and_a_running_rebuild_prevent_a_repair()
    {
        Assert.Equal((404, "projection_not_found"), StatusAndCode(await _operator.PostAsync("/ops/projections/nothing/repair", Why)));
        Assert.Equal(
            (422, "reason_required"),
            StatusAndCode(await _operator.PostAsync("/ops/projections/ledger/repair", new { reasonCode = "mended" })));
        Assert.Equal(403, (await bank.As("teller").PostAsync("/ops/projections/ledger/repair", Why)).StatusCode);

        await bank.ExecuteAsync(
            "insert into platform.read_model "
                + "(name, generation, model_version, state, updated_at, requested_at, requested_by, reason, has_sums) values ('ledger', "
                + "99, 1, 'differs', now(), now(), 'test', 'test', false)");
        Assert.Equal((409, "repair_not_possible_now"), StatusAndCode(await _operator.PostAsync("/ops/projections/ledger/repair", Why)));
        await bank.ExecuteAsync("delete from platform.read_model where generation = 99");
        (await _operator.PostAsync("/ops/projections/ledger/repair", Why)).Ok();
    }

    [Fact]
    public async Task A_repair_whose_second_comparison_fails_says_what_it_repaired()
    {
        var forgery = await new Forgery(bank).CreateAsync();
        await forgery.ForgeAsync("delete from accounts.mt_doc_account where id = {account}");
        // The result of the comparison after a repair is stored in this table.
        await bank.ForgeAsync(
            """
            create function public.disk_full() returns trigger language plpgsql as
              $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$;
            create trigger disk_full before update on platform.sentinel for each statement execute function public.disk_full();
            """);

        var repaired = (await _operator.PostAsync("/ops/projections/entries/repair", Why)).Ok();

        await bank.ForgeAsync("drop function public.disk_full() cascade");
        Assert.Equal(1, repaired.Json.GetProperty("repaired").GetArrayLength());
        Assert.False(repaired.Json.TryGetProperty("remaining", out _), repaired.Body);
        Assert.True(repaired.Json.GetProperty("isComplete").GetBoolean());
        Assert.Single(await bank.QueryAsync<Guid>($"select id from accounts.mt_doc_account where id = '{forgery.Account}'"));
    }

    [Fact]
    public async Task A_repair_that_stops_before_all_parts_says_that_it_is_not_complete()
    {
        await (await new Forgery(bank).CreateAsync()).ForgeAsync("delete from accounts.mt_doc_account where id = {account}");
        await (await new Forgery(bank).CreateAsync()).ForgeAsync("delete from accounts.mt_doc_account where id = {account}");
        await bank.ForgeAsync(
            """
            create sequence public.repairs;
            create function public.disk_full() returns trigger language plpgsql security definer as
              $$ begin
                if nextval('public.repairs') > 1 then raise exception 'no space left on device' using errcode = '53100'; end if;
                return new;
              end $$;
            create trigger disk_full before insert on accounts.mt_doc_account for each row execute function public.disk_full();
            """);

        var answer = await _operator.PostAsync("/ops/projections/entries/repair", Why);

        await bank.ForgeAsync("drop function public.disk_full() cascade; drop sequence public.repairs");
        Assert.False(answer.Ok().Json.GetProperty("isComplete").GetBoolean());
        Assert.Equal(1, answer.Json.GetProperty("repaired").GetArrayLength());
        Assert.False(answer.Json.TryGetProperty("remaining", out _), answer.Body);
        Assert.True((await _operator.PostAsync("/ops/projections/entries/repair", Why)).Ok().Json.GetProperty("isComplete").GetBoolean());
    }

    [Theory]
    [InlineData("entries", "delete from accounts.mt_doc_account where id = {account}", "accounts.mt_doc_account where id = {account}")]
    [InlineData(
        "entries",
        "update accounts.mt_doc_account set data = jsonb_set(data, '{balance,minor}', '7') where id = {account}",
        "accounts.mt_doc_account where id = {account}")]
    [InlineData(
        "entries",
        "delete from accounts.mt_doc_account_access where data ->> 'accountId' = {account}",
        "accounts.mt_doc_account_access where data ->> 'accountId' = {account}")]
    [InlineData(
        "customer", "delete from customers.mt_doc_customer where id = {customer}", "customers.mt_doc_customer where id = {customer}")]
    public async Task A_stored_state_and_its_lookup_documents_are_repaired_from_the_log(string name, string sql, string where)
    {
        var forgery = await new Forgery(bank).CreateAsync();
        Task<List<string>> StoredAsync() => bank.QueryAsync<string>($"select data::text from {forgery.Filled(where)}");
        var before = await StoredAsync();

        await forgery.ForgeAsync(sql);
        var repaired = (await _operator.PostAsync($"/ops/projections/{name}/repair", Why)).Ok();

        Assert.Equal(1, repaired.Json.GetProperty("repaired").GetArrayLength());
        Assert.Equal(0, repaired.Json.GetProperty("remaining").GetArrayLength());
        Assert.Equal(before, await StoredAsync());
        Assert.Equal(
            0, (await _operator.PostAsync($"/ops/projections/{name}/repair", Why)).Ok().Json.GetProperty("repaired").GetArrayLength());
    }

    [Fact]
    public async Task Differences_in_an_inconsistent_stream_remain_and_all_others_are_repaired()
    {
        await using var torn = new BankFixture();
        await torn.InitializeAsync();
        var (broken, drifted) = (await new Forgery(torn).CreateAsync(), await new Forgery(torn).CreateAsync());
        await broken.ForgeAsync("delete from bank.mt_events where stream_id = {account} and version = 2");
        await drifted.ForgeAsync("update accounts.entry set balance = balance + 1 where account = {account} and version = 3");

        var answer = (await torn.As("operator").PostAsync("/ops/projections/entries/repair", Why)).Ok().Json;

        Assert.Contains(
            answer.GetProperty("repaired").EnumerateArray(), d => d.GetProperty("stream").GetString() == $"acc_{drifted.Account:n}");
        Assert.All(
            answer.GetProperty("remaining").EnumerateArray(),
            d => Assert.Equal($"acc_{broken.Account:n}", d.GetProperty("stream").GetString()));
        Assert.NotEqual(0, answer.GetProperty("remaining").GetArrayLength());
    }

    private static (int, string) StatusAndCode(Answer answer) => (answer.StatusCode, answer.Code);
}
