using System.Text.Json;
using Banking.Commands.Receipts;
using Banking.EventStore.Storage;
using Banking.Testing;

namespace Banking.Operations.Tests;

/// <summary>A stored refusal whose recorded time is no time, which only a forged one has. It hides no other refusal.</summary>
public sealed class UnreadableRefusalTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData("soon")]
    [InlineData("2026-99-99T00:00:00Z")]
    public async Task It_is_shown_from_its_event_and_verify_names_it(string time)
    {
        var (account, before, forged) = await RefusedAsync();

        await ForgeTimeAsync(forged, time);

        var after = (await _teller.GetAsync(PathOf(account))).Ok().Items();
        Assert.Equal([before[0].GetRawText(), before[2].GetRawText()], [after[0].GetRawText(), after[2].GetRawText()]);
        Assert.Equal(RefusalReader.Unreadable, after[1].GetProperty("detail").GetString());
        Assert.Equal(Known(before[1]), Known(after[1]));
        Assert.Equal(after[1].GetRawText(), (await _teller.GetAsync($"/v1/refusals/ref_{forged:n}")).Ok().Body);
        var earlier = Assert.Single((await _teller.GetAsync($"{PathOf(account)}?knownAt=2020-01-01T00:00:00Z")).Ok().Items());
        Assert.Equal(after[1].GetRawText(), earlier.GetRawText());
        (await _teller.GetAsync($"/v1/accounts/{account}/balance/mistakes?expected=8.00")).Ok();
        Assert.Contains(
            (await bank.Verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences,
            d => (d.Model, d.Stream) == ("refusals", forged) && d.Found!.Contains(time, StringComparison.Ordinal));
        Assert.DoesNotContain("\"facts\":{\"", after[1].GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_needs_its_facts_and_a_list_without_its_event_name_it()
    {
        var (account, _, forged) = await RefusedAsync();
        await ForgeTimeAsync(forged, "soon");

        var simulated = await _teller.PostAsync(
            "/v1/simulations", new { accounts = new[] { account }, changes = new[] { new { omit = $"ref_{forged:n}" } } });
        await bank.ForgeAsync($"delete from bank.mt_events where stream_id = '{forged}'");
        var listed = await _teller.GetAsync(PathOf(account));

        Assert.All(
            [simulated, listed],
            a => Assert.Equal((503, "event_unreadable", $"evt_{forged:n}"), (a.StatusCode, a.Code, a.Text("eventId"))));
    }

    /// <summary>PostgreSQL's own cast is the reference: it accepts each text that counts as a time.</summary>
    [Fact]
    public async Task Each_day_of_some_years_is_a_time_and_no_other_text_is_cast()
    {
        const string Days =
            "select to_char(d, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+00:00' as spelled, d at time zone 'UTC' as instant from "
            + "unnest(array['0001-01-01', '1899-12-25', '2023-12-25', '2099-12-25', '9999-01-01']::date[]) y, "
            + "generate_series(y::timestamp, (y + 364)::timestamp, interval '1 day') d";
        Assert.Equal(
            [5L * 365], await bank.QueryAsync<long>($"select count(*) from ({Days}) t where {StoredTime.Of("spelled")} = instant"));
        string[] others =
        [
            "", "soon", "now", "infinity", "2026-11-30", "2026-11-30T16:00:00", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z", "0000-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+15:00", "12026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z\n", " 2026-01-01T00:00:00Z",
        ];
        Assert.Equal([0L], await bank.QueryAsync<long>($"select count({StoredTime.Of("t")}) from unnest($1) as t", [others]));
        string[] times = ["2024-02-29T23:59:59.1234567+14:00", "2000-02-29T00:00:00Z", "2026-11-30T16:00:00.5-03:30"];
        var same = $"select count(*) from unnest($1) as t where {StoredTime.Of("t")} = t::timestamptz";
        Assert.Equal([3L], await bank.QueryAsync<long>(same, [times]));
    }

    /// <summary>An account with three refused withdrawals.</summary>
    /// <returns>The account, its refusals as listed, and the id of the second.</returns>
    private async Task<(string Account, IReadOnlyList<JsonElement> Refusals, Guid Second)> RefusedAsync()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(422, (await _teller.WithdrawAsync(account, "7.00")).StatusCode);
            bank.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        await bank.CaughtUpAsync();
        var refusals = (await _teller.GetAsync(PathOf(account))).Ok().Items();
        return (account, refusals, Guid.Parse(refusals[1].GetProperty("id").GetString()!["ref_".Length..]));
    }

    private Task ForgeTimeAsync(Guid refusal, string time) => bank.ForgeAsync(
        $"update platform.mt_doc_refusal set data = jsonb_set(data, '{{recordedAt}}', '\"{time}\"') where id = '{refusal}'");

    private static string PathOf(string account) => $"/v1/accounts/{account}/refusals";

    /// <summary>What the event of a refusal has too.</summary>
    private static IEnumerable<string> Known(JsonElement refusal) => refusal.EnumerateObject()
        .Where(m => m.Name is not ("detail" or "facts" or "command")).Select(m => $"{m.Name} {m.Value.GetRawText()}");
}
