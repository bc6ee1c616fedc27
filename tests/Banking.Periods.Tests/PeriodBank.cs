using System.Text.Json;
using Banking.Host.Security;
using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Periods.Tests;

/// <summary>A bank of which a test closes the periods; its clock starts in November 2026.</summary>
public abstract class PeriodBank : BankFixture
{
    public static readonly DateTimeOffset December = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);

    protected static readonly object Because = new { reasonCode = "month-end", reason = "The month is over." };

    protected BankClient Teller => As("teller");

    /// <summary>A member of staff, by the subject of the token.</summary>
    protected BankClient Person(string subject) => WithToken(
        Host.Services.GetRequiredService<DevTokens>().Issue("operator", null, subject, TimeProvider.System.GetUtcNow()));

    protected Task<Answer> CloseAsync(string month, string query = "") =>
        Person("olga").PostAsync($"/v1/periods/{month}/close{query}", Because);

    /// <summary>
    /// Sets the clock when all read models have all events: an event that one lacks would be as old as the clock jumps, which is a stall.
    /// </summary>
    protected async Task SetClockAsync(DateTimeOffset time)
    {
        await Eventually.UntilAsync(
            () => QueryAsync(
                "select (select coalesce(max(seq_id), 0) from bank.mt_events) - least((select min(position) from platform.read_model "
                    + "where state = 'serving'), (select min(last_seq_id) from bank.mt_event_progression where name <> 'HighWaterMark'))"),
            behind => behind is ["0"]);
        Clock.Set(time);
    }

    protected async Task<Answer> PeriodAsync(string month) => (await Teller.GetAsync($"/v1/periods/{month}")).Ok();

    protected static Task<Answer> DepositAsync(BankClient teller, string accountId, string value, DateTimeOffset? effectiveAt) =>
        teller.PostAsync("/v1/deposits", new { accountId, amount = new { value, currency = "EUR" }, reason = "test", effectiveAt });

    protected async Task<IReadOnlyList<string>> QueryAsync(string sql)
    {
        await using var command = Owner.CreateCommand(sql);
        await using var reader = await Deadlocks.RetryAsync(() => command.ExecuteReaderAsync());
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetValue(0).ToString()!);
        }

        return rows;
    }

    protected async Task<IReadOnlyList<Difference>> VerifyAsync() =>
        (await Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences;
}

internal static class Expect
{
    public static JsonElement IsProblem(this Answer answer, int status, string code)
    {
        Assert.True(answer.StatusCode == status && answer.Code == code, $"{status} {code} was expected: {answer.StatusCode} {answer.Body}");
        return answer.Json;
    }
}
