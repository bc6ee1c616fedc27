using System.Diagnostics;
using System.Globalization;
using Banking.Platform.Projections;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>Document read models follow the log under Marten's daemon, on one host at a time, and lists are found by them.</summary>
public sealed class DocumentProjectionTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    private const string Documents = "select id::text || ' ' || data::text from accounts.mt_doc_account_directory order by id";

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task An_account_is_listed_as_soon_as_it_was_opened_and_the_list_says_how_far_it_is()
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
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"listed after {took[20]:0} ms (p50), {took[38]:0} ms (p97)"));
        Assert.True(took[20] < 500, $"An account is in the list after {took[20]} ms.");
    }

    [Fact]
    public async Task A_list_that_names_the_position_of_a_write_waits_for_it_and_for_nothing_that_came_later()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        var frozen = (await _teller.PostAsync($"/v1/accounts/{account}/freeze", new { scope = "debit", reasonCode = "fraud", reason = "asked" })).Ok();

        var listed = (await _teller.GetAsync("/v1/accounts?limit=500", ("Ledger-Min-Position", frozen.Header("Ledger-Position")!), ("Prefer", "wait=10"))).Ok();

        Assert.Null(listed.Header("Ledger-Stale"));
        Assert.Contains(listed.Items(), a => a.GetProperty("id").GetString() == account);
        var beyond = await _teller.GetAsync("/v1/accounts", ("Ledger-Min-Position", "99999999"));
        Assert.Equal((416, "position_beyond_end"), (beyond.StatusCode, beyond.Code));
    }

    [Fact]
    public async Task The_daemons_own_rebuild_makes_the_documents_that_were_there_and_its_progress_is_Martens()
    {
        await new LivelyBank(bank, 11).LiveAsync(40);
        await CurrentAsync();
        var before = await bank.QueryAsync<string>(Documents);
        Assert.NotEmpty(before);

        using var daemon = await bank.Store.BuildProjectionDaemonAsync();
        foreach (var model in bank.Host.Services.GetRequiredService<DocumentModels>().All)
        {
            await daemon.RebuildProjectionAsync(model.Name, TestContext.Current.CancellationToken);
        }

        await CurrentAsync();
        Assert.Equal(before, await bank.QueryAsync<string>(Documents));
    }

    [Fact]
    public async Task When_the_host_that_runs_them_is_gone_another_goes_on_within_seconds()
    {
        await using var failing = new ProbedBank();
        await failing.InitializeAsync();
        await using var other = await failing.StartAnotherAsync();
        var teller = BankFixture.On(other, "teller");
        await teller.OpenAsync();
        await failing.DocumentsCurrentAsync();

        // Its connections die with it, and the lock of the leader with them.
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

    private Task CurrentAsync() => bank.DocumentsCurrentAsync();

    private static long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
}
