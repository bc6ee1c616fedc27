using System.Text.Json;
using Banking.Host.Security;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Host.Tests;

/// <summary>The verify command names forged receipts, answers, statements and names of actors, and ends with exit code 1.</summary>
public sealed class VerifiedForgeriesTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task Forgeries_of_what_the_log_decides_are_named_and_give_exit_code_1()
    {
        var account = await OpenAsync("emp-1", "Anna Eins");
        var other = await OpenAsync("emp-2", "Berta Zwei");
        await Eventually.UntilAsync(
            () => CountAsync("select count(*) from audit_actors.actor where actor in ('emp-1', 'emp-2')"), count => count == 2);
        var teller = bank.As("teller");
        var day = bank.Clock.Now.AddDays(-2);
        (await teller.PostAsync(
            $"/v1/accounts/{account}/statements",
            new { from = $"{day:yyyy-MM-dd}", to = $"{day.AddDays(1):yyyy-MM-dd}" })).Created();
        var clean = await VerifyAsync();
        Assert.Equal((0, 0), (clean.ExitCode, clean.Differences.Count));

        await ForgeAsync($"update platform.receipt set location = location || '0' where {OfOpening(account)}");
        await ForgeAsync($"update platform.receipt set status = 200 where {OfOpening(other)}");
        await ForgeAsync(
            "update platform.receipt_answer set body = jsonb_set(body::jsonb, '{balance,value}', '\"99.00\"')::text "
                + $"where id in (select id from platform.receipt where event_id in (select id from bank.mt_events where "
                + $"stream_id = '{Id(account)}' and version = 2))");
        await ForgeAsync(
            "insert into platform.receipt (id, recorded_at, status, fingerprint) values (gen_random_uuid(), now(), 422, '\\x00')");
        await ForgeAsync(
            "update audit_actors.actor a set name = b.name from audit_actors.actor b "
                + "where (a.actor, b.actor) in (('emp-1', 'emp-2'), ('emp-2', 'emp-1'))");
        await ForgeAsync(
            $"update bank.mt_events set data = jsonb_set(data, '{{contentHash}}', to_jsonb(repeat('a', 64))) "
                + $"where data ->> 'account' = '{Id(account)}' and type = 'accounts.statement-issued.v1'");

        var forged = await VerifyAsync();

        Assert.Equal(1, forged.ExitCode);
        foreach (var named in (string[])[
            "its location is the address of what its command made", "its status is that of the answer to its command",
            "its balance is what the log says", "a refused command has an event", "sealed for this actor",
            $"\"account\":\"{account}\",\"from\":\"{day:yyyy-MM-dd}\""])
        {
            Assert.Contains(forged.Differences, d => d.Contains(named, StringComparison.Ordinal));
        }
    }

    private async Task<(int ExitCode, IReadOnlyList<string> Differences)> VerifyAsync()
    {
        var (exitCode, output, error) = await HostCommand.RunAsync(
            ["verify", "--full", "--json"], ("ConnectionStrings__banking", bank.ConnectionString));
        Assert.StartsWith("{", output, StringComparison.Ordinal);
        Assert.Equal("", error);
        var differences = JsonDocument.Parse(output).RootElement.GetProperty("differences").EnumerateArray();
        return (exitCode, [.. differences.Select(d => $"{d.GetProperty("expected")}")]);
    }

    /// <summary>Opens an account with a deposit as a teller whose token has a name.</summary>
    private async Task<string> OpenAsync(string actor, string name)
    {
        var token = bank.Host.Services.GetRequiredService<DevTokens>().Issue("teller", null, actor, TimeProvider.System.GetUtcNow(), name);
        return await bank.WithToken(token).OpenAsync(balance: "1.00", effectiveAt: bank.Clock.Now.AddDays(-3));
    }

    private static string OfOpening(string account) =>
        $"event_id in (select id from bank.mt_events where stream_id = '{Id(account)}' and version = 1)";

    private static Guid Id(string account) =>
        PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);

    private async Task<long> CountAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task ForgeAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        Assert.NotEqual(0, await command.ExecuteNonQueryAsync());
    }
}
