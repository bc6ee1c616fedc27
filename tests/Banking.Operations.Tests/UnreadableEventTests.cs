using System.Globalization;
using Banking.EventStore.Log;
using Banking.ReadModels.Documents;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// Every read model pauses before an event that this version of the bank cannot read, and loses no event before or after it.
/// </summary>
public sealed class UnreadableEventTests : IAsyncLifetime
{
    private static readonly object Why = new { reasonCode = "mended", reason = "The event can be read." };

    private readonly ProbedBank _bank = new();

    public ValueTask InitializeAsync() => _bank.InitializeAsync();

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Theory]
    [InlineData("type = 'accounts.of-a-later-version.v1'", UnknownEventTypeException.Sentence, null)]
    [InlineData("type = 'accounts.account-opened.v9'", UnknownEventTypeException.Sentence, "accounts.account-opened.v1")]
    [InlineData("data = '{\"amount\": 7}'", "cannot be read", null)]
    [InlineData("timestamp = '20000-01-01'", "cannot be read", null)]
    public async Task Each_read_model_that_needs_it_pauses_before_it_and_continues_when_it_is_readable(
        string change, string reason, string? needed)
    {
        var (teller, operations) = (_bank.As("teller"), _bank.As("operator"));
        var account = await teller.OpenAsync(balance: "1.00");
        await _bank.CaughtUpAsync();
        var before = (await _bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];

        await SpoilAsync(change);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => teller.DepositAsync(account, i == 7 ? "13.13" : "1.00")));
        var poison = Position(answers[7]);

        // Document projections ignore deposits, but need every version of an event that they include.
        var models = _bank.Host.Services.GetRequiredService<DocumentModels>().All;
        string[] ignoring = [.. models.Where(m => needed is null || !m.EventTypes.Contains(needed)).Select(m => m.Name)];
        Assert.Equal(needed is null, ignoring.Length == models.Count);
        var paused = await Eventually.UntilAsync(
            async () =>
                (await operations.GetAsync("/ops/projections"))
                    .Ok()
                    .Items()
                    .Where(p => !ignoring.Contains(p.GetProperty("name").GetString()))
                    .Select(p =>
                        p.TryGetProperty("paused", out var why)
                            ? (why.GetProperty("position").GetInt64(), why.GetProperty("reason").GetString()!)
                            : default)
                    .ToList(),
            all => all.All(p => p != default));
        Assert.All(paused, p => Assert.Equal(poison, p.Item1));
        Assert.All(paused, p => Assert.Contains(reason, p.Item2, StringComparison.Ordinal));
        Assert.Equal(poison - 1, (await _bank.QueryAsync<long>("select max(position) from probe.seen"))[0]);
        var cache = _bank.Host.Services.GetRequiredService<EventCache>();
        await Assert.ThrowsAsync<UnreadableEventException>(() => cache.ReadAsync(poison - 1, poison + 5, CancellationToken.None));
        Assert.Equal(poison - 1, (await cache.ReadAsync(before, poison + 5, CancellationToken.None)).End);

        // A report over many accounts is answered from its rows, with their position.
        var report = (await _bank.As("auditor").GetAsync("/v1/ledger/trial-balance", ("Ledger-Min-Position", $"{poison}"))).Ok();
        Assert.True(report.Json.GetProperty("currencies")[0].GetProperty("balanced").GetBoolean());
        Assert.True(long.Parse(report.Header("Ledger-Position")!, CultureInfo.InvariantCulture) < poison);
        Assert.NotNull(report.Header("Ledger-Stale"));

        await RepairAsync(poison, Position(answers[8]));
        await ResumeAsync(operations, isByItself: reason == UnknownEventTypeException.Sentence);
        await _bank.CaughtUpAsync();
        await _bank.DocumentsCurrentAsync();
        await UntilAllSeenAsync();
    }

    /// <summary>Projections that go on by themselves record it, which may be later than the last deposit.</summary>
    private async Task UntilAllSeenAsync() => await Eventually.UntilAsync(
        async () => (
            Log: await _bank.QueryAsync<long>("select seq_id from bank.mt_events order by 1"),
            Seen: await _bank.QueryAsync<long>("select position from probe.seen order by 1")),
        all => all.Log.SequenceEqual(all.Seen));

    /// <summary>A host that knows the type continues by itself; other pauses end by an operator.</summary>
    private async Task ResumeAsync(BankClient operations, bool isByItself)
    {
        foreach (var name in isByItself ? [] : (string[])["probe", "entries", "ledger", "audit"])
        {
            (await operations.PostAsync($"/ops/projections/{name}/resume", Why)).Ok();
        }

        await Eventually.UntilAsync(
            () => _bank.QueryAsync<long>("select count(*) from platform.read_model where paused_at is not null"), paused => paused[0] == 0);
    }

    private async Task SpoilAsync(string change)
    {
        // A trigger makes the event unreadable on insert, as if another version had written it.
        await _bank.ExecuteAsync(
            "create function spoil() returns trigger language plpgsql as "
                + $"$$ begin if new.data -> 'amount' ->> 'minor' = '1313' then {Assignments(change)} end if; return new; end $$");
        await _bank.ExecuteAsync("create trigger spoil before insert on bank.mt_events_default for each row execute function spoil()");
    }

    /// <summary>Removes the trigger, and gives the spoiled event the type and data of another deposit.</summary>
    private async Task RepairAsync(long poison, long other)
    {
        await _bank.ExecuteAsync("drop trigger spoil on bank.mt_events_default; drop function spoil()");
        await _bank.ExecuteAsync(
            "update bank.mt_events e set type = 'accounts.money-deposited.v3', data = o.data, timestamp = least(e.timestamp, o.timestamp) "
                + "from bank.mt_events o where e.seq_id = $1 and o.seq_id = $2",
            poison,
            other);
    }

    private static string Assignments(string change) => $"new.{change.Replace(" = ", " := ", StringComparison.Ordinal)};";

    private static long Position(Answer answer) => long.Parse(answer.Created().Header("Ledger-Position")!, CultureInfo.InvariantCulture);
}
