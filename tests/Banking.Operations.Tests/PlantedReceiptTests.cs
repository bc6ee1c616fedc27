using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// A planted receipt without an event would answer a command that never was. Only refusals of earlier versions have none.
/// </summary>
public sealed class PlantedReceiptTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Columns = "(id, recorded_at, status, fingerprint, body)";

    [Theory]
    [InlineData(200, "null", "an accepted command has an event")]
    [InlineData(201, "'{}'", "an accepted command has an event")]
    [InlineData(422, "null", "a refused command has an event")]
    [InlineData(422, "'{\"code\": \"insufficient_funds\"}'", "its refusal is stored")]
    public async Task A_planted_receipt_without_an_event_is_found(short status, string body, string rule)
    {
        await new Forgery(bank).CreateAsync();
        var id = Assert.Single(await bank.QueryAsync<Guid>(
            $"insert into platform.receipt {Columns} values (gen_random_uuid(), now(), {status}, '\\x00', {body}) returning id"));

        var found = Assert.Single(await FindAsync(id));

        Assert.Contains(rule, found.Expected, StringComparison.Ordinal);
        await bank.ForgeAsync($"delete from platform.receipt where id = '{id}'");
    }

    [Fact]
    public async Task A_receipt_of_an_earlier_version_belongs_to_its_refusal()
    {
        var forgery = await new Forgery(bank).CreateAsync();
        var id = Assert.Single(await bank.QueryAsync<Guid>("select id from platform.receipt where event_id = $1", forgery.Refusal));
        await bank.ForgeAsync(
            $"update platform.receipt r set event_id = null, body = (select a.body from platform.receipt_answer a where a.id = r.id) "
                + $"where id = '{id}'; delete from platform.receipt_answer where id = '{id}'");

        Assert.Empty(await FindAsync(id));

        await bank.ForgeAsync($"update platform.receipt set recorded_at = recorded_at + interval '1 day' where id = '{id}'");
        Assert.NotEmpty(await FindAsync(id));
        await bank.ForgeAsync($"update platform.receipt set recorded_at = recorded_at - interval '1 day' where id = '{id}'");
    }

    /// <summary>A stream is compared as a long one too, one page at a time.</summary>
    [Fact]
    public async Task A_forged_balance_in_an_answer_of_a_long_stream_is_found()
    {
        var forgery = await new Forgery(bank).CreateAsync();
        var comparing = bank.Host.Services.GetRequiredService<StreamVerification>();
        Assert.Empty(await comparing.CompareLongAsync(forgery.Account, CancellationToken.None));
        await forgery.ForgeAsync(
            "update platform.receipt_answer set body = jsonb_set(body::jsonb, '{balance,value}', '\"99.00\"')::text where id in "
                + "(select id from platform.receipt where event_id in "
                + "(select id from bank.mt_events where stream_id = {account} and version = 3))");

        var differences = await comparing.CompareLongAsync(forgery.Account, CancellationToken.None);

        Assert.Contains("its balance is what the log says", Assert.Single(differences).Expected, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<Difference>> FindAsync(Guid receipt) =>
        [
            .. (await bank.Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None))
                .Differences.Where(d => d.Table == ReceiptComparison.Table && d.Id == receipt),
        ];
}
