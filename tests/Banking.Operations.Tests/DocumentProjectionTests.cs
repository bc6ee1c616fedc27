using System.Diagnostics;
using System.Globalization;
using Banking.EventStore.Appending;
using Banking.ReadModels.Documents;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>Marten's daemon runs document read models, on one host at a time, and lists are answered from them.</summary>
public sealed class DocumentProjectionTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    private const string Documents =
        "select id::text || ' ' || data::text from accounts.mt_doc_account_directory union all "
        + "select id::text || ' ' || data::text from accounts.mt_doc_customer_overview order by 1";

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_new_account_is_listed_at_once_and_the_list_names_its_position()
    {
        var took = new List<double>();
        for (var i = 0; i < 40; i++)
        {
            var customer = await _teller.RegisterAsync();
            var opened = (await _teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR" })).Created();
            var since = Stopwatch.GetTimestamp();
            var listed = (await _teller.GetAsync($"/v1/accounts?customerId={customer}")).Ok();
            took.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);

            Assert.Equal(opened.Text("id"), Assert.Single(listed.Items()).GetProperty("id").GetString());
            Assert.Null(listed.Header("Ledger-Stale"));
            Assert.True(Number(listed.Header("Ledger-Position")) >= Number(opened.Header("Ledger-Position")));
        }

        took.Sort();
        TestContext.Current.SendDiagnosticMessage(
            string.Create(CultureInfo.InvariantCulture, $"listed after {took[20]:0} ms (p50), {took[38]:0} ms (p97)"));
        Assert.True(took[20] < 500, $"An account is in the list after {took[20]} ms.");
    }

    [Fact]
    public async Task A_list_with_a_minimum_position_waits_only_for_that_position()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        var frozen = (
            await _teller.PostAsync(
                $"/v1/accounts/{account}/freeze",
                new
                {
                    scope = "debit",
                    reasonCode = "fraud",
                    reason = "asked",
                })).Ok();

        var listed = (
            await _teller.GetAsync(
                "/v1/accounts?limit=500", ("Ledger-Min-Position", frozen.Header("Ledger-Position")!), ("Prefer", "wait=10"))).Ok();

        Assert.Null(listed.Header("Ledger-Stale"));
        Assert.Contains(listed.Items(), a => a.GetProperty("id").GetString() == account);
        var beyond = await _teller.GetAsync("/v1/accounts", ("Ledger-Min-Position", "99999999"));
        Assert.Equal((416, "position_beyond_end"), (beyond.StatusCode, beyond.Code));
    }

    [Fact]
    public async Task Martens_own_rebuild_gives_the_same_documents_and_records_its_progress()
    {
        await new RandomHistory(bank, 11).RunAsync(40);
        await CurrentAsync();
        var before = await bank.QueryAsync<string>(Documents);
        Assert.Contains(before, d => d.Contains("\"debitFrozen\": true", StringComparison.Ordinal));
        Assert.Equal(2, before.Count(d => d.Contains("JPY", StringComparison.Ordinal)));

        using var daemon = await bank.Store.BuildProjectionDaemonAsync();
        foreach (var model in bank.Host.Services.GetRequiredService<DocumentModels>().All)
        {
            await daemon.RebuildProjectionAsync(model.Name, TestContext.Current.CancellationToken);
        }

        await CurrentAsync();
        Assert.Equal(before, await bank.QueryAsync<string>(Documents));
    }

    [Fact]
    public async Task When_the_running_host_stops_another_takes_over_within_seconds()
    {
        await using var failing = new ProbedBank();
        await failing.InitializeAsync();
        await using var other = await failing.StartAnotherAsync();
        var teller = BankFixture.On(other, "teller");
        await teller.OpenAsync();
        await failing.DocumentsCurrentAsync();

        // Terminates the leader's connection, which releases its lock.
        await failing.ForgeAsync(
            "select pg_terminate_backend(l.pid) from pg_locks l where l.locktype = 'advisory' and l.granted " +
            "and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('projections', 0)");
        await failing.Host.StopAsync(TestContext.Current.CancellationToken);

        var since = Stopwatch.GetTimestamp();
        var account = await teller.OpenAsync();
        await Eventually.UntilAsync(
            async () => (await teller.GetAsync("/v1/accounts?limit=500")).Ok(),
            list => list.Header("Ledger-Stale") is null && list.Items().Any(a => a.GetProperty("id").GetString() == account));
        Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task An_unreadable_event_pauses_the_projection_before_it_until_the_event_is_repaired()
    {
        await using var stopping = new ProbedBank();
        await stopping.InitializeAsync();
        var (teller, staff) = (stopping.As("teller"), stopping.As("operator"));
        var account = await teller.OpenAsync();
        await stopping.DocumentsCurrentAsync();
        // A trigger spoils the event on insert, so that no reader ever sees it intact.
        await stopping.ForgeAsync(
            """
            create function bank.spoil() returns trigger language plpgsql as
            $f$ begin
                if new.type = 'accounts.account-frozen.v1' then new.data := jsonb_set(new.data, '{scope}', '"Nothing"'); end if;
                return new;
            end $f$;
            create trigger spoil before insert on bank.mt_events for each row execute function bank.spoil();
            """);
        var before = await teller.OpenAsync();
        var fraud = new { scope = "debit", reasonCode = "fraud", reason = "asked" };
        var answer = (await teller.PostAsync($"/v1/accounts/{account}/freeze", fraud)).Ok();
        var frozen = Number(answer.Header("Ledger-Position"));
        await stopping.ForgeAsync("drop trigger spoil on bank.mt_events; drop function bank.spoil()");
        var after = await teller.OpenAsync();

        var stopped = await Eventually.UntilAsync(() => ViewAsync(staff), p => p.TryGetProperty("paused", out _));
        Assert.Equal(frozen, stopped.GetProperty("paused").GetProperty("position").GetInt64());
        Assert.Contains($"position {frozen}", stopped.GetProperty("paused").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains($"position {frozen}", stopped.GetProperty("lag").GetProperty("stalled").GetString(), StringComparison.Ordinal);
        await Eventually.UntilAsync(() => ViewAsync(staff), p => p.GetProperty("lag").GetProperty("position").GetInt64() == frozen - 1);
        await Eventually.UntilAsync(
            async () => (await stopping.Anonymous().GetAsync("/health/ready")).Ok().Text("status"), h => h == "Degraded");
        var listed = (await teller.GetAsync("/v1/accounts?limit=500")).Ok();
        Assert.Equal("true", listed.Header("Ledger-Stale"));
        Assert.Contains(before, listed.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(after, listed.Body, StringComparison.Ordinal);

        await stopping.ForgeAsync($$"""update bank.mt_events set data = jsonb_set(data, '{scope}', '"debit"') where seq_id = {{frozen}}""");
        (await staff.PostAsync("/ops/projections/account-directory/resume", Why)).Ok();

        await stopping.DocumentsCurrentAsync();
        Assert.Contains(after, (await teller.GetAsync("/v1/accounts?limit=500")).Ok().Body, StringComparison.Ordinal);
        Assert.Equal(
            ["true"],
            await stopping.QueryAsync<string>(
                "select data ->> 'debitFrozen' from accounts.mt_doc_account_directory "
                    + "where id = (select stream_id from bank.mt_events where seq_id = $1)",
                frozen));
        Assert.Equal((409, "not_paused"), StatusAndCode(await staff.PostAsync("/ops/projections/account-directory/resume", Why)));
    }

    [Fact]
    public async Task A_rebuild_under_load_removes_documents_without_events_and_shows_its_result()
    {
        await using var loaded = new ProbedBank();
        await loaded.InitializeAsync();
        var (teller, staff) = (loaded.As("teller"), loaded.As("operator"));
        await teller.OpenAsync();
        await loaded.DocumentsCurrentAsync();
        await loaded.ForgeAsync(
            "insert into accounts.mt_doc_account_directory (id, data, mt_dotnet_type) "
                + "select gen_random_uuid(), data, 'x' from accounts.mt_doc_account_directory limit 1");
        using var stop = new CancellationTokenSource();
        var opening = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await teller.OpenAsync(balance: "1.00");
            }
        });

        for (var i = 2; i <= 4; i++)
        {
            (await staff.PostAsync("/ops/projections/account-directory/rebuild", Why)).Is(System.Net.HttpStatusCode.Accepted);
            var rebuilt = await Eventually.UntilAsync(
                async () => (await staff.GetAsync("/ops/projections/account-directory/rebuild")).Ok().Json,
                r => r.GetProperty("state").GetString() != "building");
            Assert.Equal(("serving", i), (rebuilt.GetProperty("state").GetString(), rebuilt.GetProperty("generation").GetInt32()));
        }

        await stop.CancelAsync();
        await opening;
        await loaded.DocumentsCurrentAsync();
        Assert.Equal(
            await loaded.QueryAsync<Guid>("select id from accounts.mt_doc_account order by 1"),
            await loaded.QueryAsync<Guid>("select id from accounts.mt_doc_account_directory order by 1"));
        await loaded.CaughtUpAsync();
        Assert.Empty((await loaded.Verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences);
        Assert.Equal(
            (409, "not_for_documents"),
            StatusAndCode(await staff.PostAsync("/ops/projections/account-directory/rebuild/cancel", Why)));
    }

    [Fact]
    public async Task After_a_restore_in_place_under_two_hosts_read_models_equal_the_restored_log()
    {
        await using var restored = new ProbedBank();
        await restored.InitializeAsync();
        await using var other = await restored.StartAnotherAsync();
        var (a, b) = (restored.As("teller"), BankFixture.On(other, "teller"));
        await a.OpenAsync();
        await restored.DocumentsCurrentAsync();
        var backup = await DatabaseBackup.TakeAsync(restored.ConnectionString);
        var lost = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => a.OpenAsync()));
        await restored.DocumentsCurrentAsync();
        await backup.RestoreAsync();

        var kept = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? a : b).OpenAsync()));

        await restored.DocumentsCurrentAsync();
        var listed = (await b.GetAsync("/v1/accounts?limit=500")).Ok();
        Assert.All(kept, k => Assert.Contains(k, listed.Body, StringComparison.Ordinal));
        Assert.All(lost, l => Assert.DoesNotContain(l, listed.Body, StringComparison.Ordinal));
        await restored.CaughtUpAsync();
        Assert.Empty((await restored.Verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences);
    }

    private static readonly object Why = new { reasonCode = "drill", reason = "A test." };

    private static async Task<System.Text.Json.JsonElement> ViewAsync(BankClient staff) =>
        (await staff.GetAsync("/ops/projections")).Ok().Items().Single(p => p.GetProperty("name").GetString() == "account-directory");

    private static (int, string) StatusAndCode(Answer answer) => (answer.StatusCode, answer.Code);

    private Task CurrentAsync() => bank.DocumentsCurrentAsync();

    private static long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
}
