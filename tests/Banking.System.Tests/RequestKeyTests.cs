using Banking.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>
/// No idempotency key is ignored: a request that is no command is executed once per key, and the key of a batch stands for that batch.
/// </summary>
public sealed class RequestKeyTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly object Why = new { reasonCode = "test", reason = "A test." };

    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");

    [Theory]
    [InlineData("/ops/outbox/modules/hold")]
    [InlineData("/ops/outbox/modules/release")]
    [InlineData("/ops/projections/audit/repair")]
    [InlineData("/ops/projections/ledger/rebuild")]
    public async Task An_operators_request_with_a_key_is_executed_once_and_its_answer_repeated(string path)
    {
        await _operator.PostAsync(
            path.EndsWith("release", StringComparison.Ordinal) ? "/ops/outbox/modules/hold" : "/ops/outbox/modules/release", Why);
        var key = ("Idempotency-Key", BankClient.NewKey());
        var first = await _operator.PostAsync(path, Why, key);
        Assert.InRange(first.StatusCode, 200, 202);
        Assert.Null(first.Header("Idempotency-Replayed"));
        var before = await bank.CountAsync("bank.mt_events where headers ->> 'operation' = $1", $"POST {path}");

        var again = await _operator.PostAsync(path, Why, key);

        Assert.Equal((first.StatusCode, first.Body, "true"), (again.StatusCode, again.Body, again.Header("Idempotency-Replayed")));
        Assert.Equal((first.Header("Location"), first.Header("Content-Type")), (again.Header("Location"), again.Header("Content-Type")));
        Assert.Equal(before, await bank.CountAsync("bank.mt_events where headers ->> 'operation' = $1", $"POST {path}"));
        (await _operator.PostAsync(path, new { reasonCode = "other", reason = "A test." }, key)).IsProblem(422, "idempotency_key_reused");
        await _operator.PostAsync("/ops/outbox/modules/release", Why);
    }

    [Fact]
    public async Task The_order_and_the_escapes_of_a_query_do_not_make_another_request()
    {
        var path = $"/ops/accounts/{await _teller.OpenAsync()}/replay";
        var key = ("Idempotency-Key", BankClient.NewKey());

        var first = (await _operator.PostAsync(path + "?repair=false", Why, key)).Ok();
        var again = (await _operator.PostAsync(path + "?repair=fals%65", Why, key)).Ok();

        Assert.Equal((first.Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        (await _operator.PostAsync(path + "?repair=true", Why, key)).IsProblem(422, "idempotency_key_reused");
    }

    [Fact]
    public async Task A_bank_on_a_server_of_its_own_begins_no_backup()
    {
        var refused = await bank.As("operator").PostAsync("/ops/backups", new { reasonCode = "drill", reason = "A test." });

        Assert.Equal((409, "backups_not_managed"), (refused.StatusCode, refused.Code));
    }

    [Fact]
    public async Task A_refused_request_leaves_its_key_free()
    {
        var key = ("Idempotency-Key", BankClient.NewKey());

        (await _operator.PostAsync("/ops/projections/entries/resume", Why, key)).IsProblem(409, "not_paused");
        (await _operator.PostAsync("/ops/projections/entries/resume", Why, key)).IsProblem(409, "not_paused");
        (await _operator.PostAsync("/ops/projections/entries/resume", new { reasonCode = "other", reason = "Another." }, key)).IsProblem(
            409, "not_paused");
    }

    [Fact]
    public async Task The_same_key_of_another_operation_is_another_key()
    {
        var key = ("Idempotency-Key", BankClient.NewKey());

        (await _operator.PostAsync("/ops/projections/audit/repair", Why, key)).Ok();

        Assert.Null((await _operator.PostAsync("/ops/projections/entries/repair", Why, key)).Ok().Header("Idempotency-Replayed"));
    }

    [Fact]
    public async Task A_request_without_a_known_outcome_is_not_executed_again()
    {
        var key = ("Idempotency-Key", BankClient.NewKey());
        (await _operator.PostAsync("/ops/projections/audit/repair", Why, key)).Ok();
        // As after a host that stopped before it stored the answer.
        await using (
            var command = bank.Database.CreateCommand(
                "update platform.request_key set status = null, headers = null, body = null "
                    + "where claimed_at = (select max(claimed_at) from platform.request_key)"))
        {
            Assert.Equal(1, await command.ExecuteNonQueryAsync());
        }

        (await _operator.PostAsync("/ops/projections/audit/repair", Why, key)).IsProblem(409, "request_in_progress");
    }

    [Theory]
    // The disk is full; a right is missing, which does not pass.
    [InlineData("53100")]
    [InlineData("42501")]
    public async Task A_request_whose_answer_cannot_be_stored_is_still_answered_with_what_it_did(string failure)
    {
        var key = ("Idempotency-Key", BankClient.NewKey());
        await ExecuteAsync(
            $"""
            create function public.disk_full() returns trigger language plpgsql as
              $$ begin raise exception 'not stored' using errcode = '{failure}'; end $$;
            create trigger disk_full before update on platform.request_key for each row execute function public.disk_full();
            """);

        var answer = await _operator.PostAsync("/ops/projections/audit/repair", Why, key);

        await ExecuteAsync("drop function public.disk_full() cascade");
        Assert.Equal("audit", answer.Ok().Json.GetProperty("name").GetString());
        (await _operator.PostAsync("/ops/projections/audit/repair", Why, key)).IsProblem(409, "request_in_progress");
    }

    [Theory]
    [InlineData("/ops/projections/audit/repair")]
    [InlineData("/v1/deposits/batch")]
    [InlineData("/v1/webhooks/whk_1/resend")]
    [InlineData("/v1/webhooks/whk_1/test")]
    public async Task An_invalid_key_is_malformed_on_every_route(string path)
    {
        var client = path.EndsWith("/batch", StringComparison.Ordinal) ? _teller : _operator;
        object body = path.Split('/')[^1] switch
        {
            "batch" => Batch(await _teller.OpenAsync(), "1.00", BankClient.NewKey()),
            "resend" => new { eventId = "evt_1" },
            "test" => new { },
            _ => Why,
        };

        (await client.PostAsync(path, body, ("Idempotency-Key", "schl\u00fcssel"))).IsProblem(400, "malformed_idempotency_key");
        (await client.PostAsync(path, body, ("Idempotency-Key", "\"open"))).IsProblem(400, "malformed_idempotency_key");
    }

    [Theory]
    [InlineData("independent")]
    [InlineData("atomic")]
    public async Task The_key_of_a_batch_stands_for_that_batch(string mode)
    {
        var account = await _teller.OpenAsync();
        var key = ("Idempotency-Key", BankClient.NewKey());
        var (one, two) = (BankClient.NewKey(), BankClient.NewKey());

        (await _teller.PostAsync("/v1/deposits/batch", Batch(account, "1.00", one, mode), key)).Ok();
        var again = (await _teller.PostAsync("/v1/deposits/batch", Batch(account, "1.00", one, mode), key)).Ok();
        (await _teller.PostAsync("/v1/deposits/batch", Batch(account, "1.00", two, mode), key)).IsProblem(422, "idempotency_key_reused");

        Assert.True(again.Json.GetProperty("results")[0].GetProperty("replayed").GetBoolean());
        Assert.Equal("1.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task A_malformed_batch_leaves_its_key_free()
    {
        var account = await _teller.OpenAsync();
        var key = ("Idempotency-Key", BankClient.NewKey());

        (await _teller.PostAsync("/v1/deposits/batch", new { mode = "atomic", items = Array.Empty<object>() }, key)).IsProblem(
            400, "batch_size");
        (await _teller.PostAsync("/v1/deposits/batch", Batch(account, "1.00", BankClient.NewKey()), key)).Ok();

        Assert.Equal("1.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task The_correlation_id_of_an_operators_request_is_stored_and_a_malformed_one_refused()
    {
        (await _operator.PostAsync("/ops/outbox/modules/hold", Why, ("X-Correlation-ID", "incident-17"))).Ok();
        (await _operator.PostAsync("/ops/outbox/modules/release", Why, ("X-Correlation-ID", new string('c', 101)))).IsProblem(
            400, "malformed_correlation_id");
        (await _operator.PostAsync("/ops/outbox/modules/release", Why)).Ok();

        Assert.Equal(
            1, await bank.CountAsync("bank.mt_events where correlation_id = 'incident-17' and type = 'publishing.destination-held.v1'"));
    }

    /// <summary>Commands honour the key themselves. A new kind of route must be added here.</summary>
    [Fact]
    public void Every_route_honours_the_key_or_changes_nothing()
    {
        var others = bank.Host.Services.GetServices<EndpointDataSource>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Any(m => m is not ("GET" or "HEAD")) == true)
            .Select(e => "/" + e.RoutePattern.RawText!.TrimStart('/'))
            .Where(route => !route.StartsWith("/v1/", StringComparison.Ordinal) && !route.StartsWith("/ops/", StringComparison.Ordinal));

        Assert.Equal(["/dev/token"], others.Distinct());
    }

    private static object Batch(string account, string value, string key, string mode = "independent") =>
        new
        {
            mode,
            items = new[]
            {
                new
                {
                    idempotencyKey = key,
                    command = new
                    {
                        accountId = account,
                        amount = new { value, currency = "EUR" },
                        reason = "test",
                    },
                },
            },
        };

    private async Task ExecuteAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }
}
