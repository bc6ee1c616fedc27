using System.Globalization;
using Banking.Testing;

namespace Banking.Periods.Tests;

/// <summary>A month is closed while callers on two hosts book into it.</summary>
public sealed class PeriodRaceTests : PeriodBank
{
    private const int Callers = 64;

    [Fact]
    public async Task Bookings_of_64_callers_while_two_hosts_close_the_month_are_in_its_totals_or_refused()
    {
        await using var second = await StartAnotherAsync();
        BankClient[] tellers = [Teller, On(second, "teller")];
        var accounts = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Teller.OpenAsync()));
        await SetClockAsync(December.AddMinutes(2));

        var closing = Task.WhenAll(CloseAsync("2026-11"), On(second, "operator").PostAsync("/v1/periods/2026-11/close", Because));
        var bookings = (await Task.WhenAll(
                Enumerable.Range(0, Callers).Select(c => BookUntilRefusedAsync(tellers[c % 2], accounts[c % 8]))))
            .SelectMany(a => a).ToList();

        var answers = await closing;
        Assert.Equal([200, 409], answers.Select(a => a.StatusCode).Order());
        Assert.All(
            bookings, b => Assert.True(b.StatusCode == 201 || b is { StatusCode: 409, Code: "period_closed" }, b.Body));
        var closed = long.Parse((await QueryAsync("select seq_id from bank.mt_events where type = 'periods.period-closed.v1'"))[0],
            CultureInfo.InvariantCulture);
        Assert.Equal(
            ["0"],
            await QueryAsync(
                "select count(*) from bank.mt_events where (data ->> 'effectiveAt')::timestamptz < '2026-12-01' and type like 'accounts.%' "
                    + $"and seq_id > {(await PeriodAsync("2026-11")).Text("closing", "position")}"));
        var accepted = bookings.Count(b => b.StatusCode == 201);
        Assert.All(
            bookings.Where(b => b.StatusCode == 201),
            b => Assert.True(long.Parse(b.Header("Ledger-Position")!, CultureInfo.InvariantCulture) < closed));
        var totals = (await PeriodAsync("2026-11")).Json.GetProperty("closing").GetProperty("totals")[0];
        Assert.Equal(
            (accepted.ToString(CultureInfo.InvariantCulture) + ".00", accepted.ToString(CultureInfo.InvariantCulture)),
            (totals.GetProperty("customerDeposits").GetString(), totals.GetProperty("entries").ToString()));
        Assert.Empty(await VerifyAsync());
    }

    private static async Task<List<Answer>> BookUntilRefusedAsync(BankClient teller, string account)
    {
        var answers = new List<Answer>();
        do
        {
            answers.Add(await BookAsync(teller, account));
        }
        while (answers[^1].StatusCode == 201);

        return answers;
    }

    /// <summary>A booking that waited too long for the closing is sent again under its key.</summary>
    private static async Task<Answer> BookAsync(BankClient teller, string accountId)
    {
        var key = ("Idempotency-Key", BankClient.NewKey());
        Answer answer;
        do
        {
            answer = await teller.PostAsync(
                "/v1/deposits",
                new { accountId, amount = new { value = "1.00", currency = "EUR" }, reason = "test", effectiveAt = December.AddHours(-1) },
                key);
        }
        while (answer.StatusCode == 503);

        return answer;
    }
}
