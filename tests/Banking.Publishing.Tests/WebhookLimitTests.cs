using Banking.Host.Security;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>A caller and the bank have a limited number of webhooks, also when many are registered at once.</summary>
public sealed class WebhookLimitTests : BankFixture
{
    private const int MaxPerCaller = 5;
    private const int MaxPerBank = 8;

    private static readonly object Reason = new { reasonCode = "test", reason = "Not needed." };

    protected override string[] Settings =>
        [
            .. base.Settings,
            .. LocalWebhooks,
            "--Banking:Publishing:Webhooks:MaxPerCaller",
            $"{MaxPerCaller}",
            "--Banking:Publishing:Webhooks:MaxPerBank",
            $"{MaxPerBank}",
        ];

    [Fact]
    public async Task Of_many_registrations_at_once_on_two_hosts_as_many_pass_as_the_limits_allow_and_a_removal_makes_room()
    {
        await using var second = await StartAnotherAsync();
        BankClient[] ada = [Operator("ada"), On(second, "operator", "ada")];
        BankClient[] ben = [Operator("ben"), On(second, "operator", "ben")];

        var ofAda = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => RegisterAsync(ada[i % 2])));

        Assert.Equal(MaxPerCaller, ofAda.Count(a => a.StatusCode == 201));
        Assert.All(ofAda.Where(a => a.StatusCode != 201), a => AssertRefused(a, "caller", MaxPerCaller));

        var ofBen = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => RegisterAsync(ben[i % 2])));

        Assert.Equal(MaxPerBank - MaxPerCaller, ofBen.Count(a => a.StatusCode == 201));
        Assert.All(ofBen.Where(a => a.StatusCode != 201), a => AssertRefused(a, "bank", MaxPerBank));
        Assert.Equal(MaxPerBank, (await this.QueryAsync<long>("select count(*) from publishing.mt_doc_webhook"))[0]);

        // The refused request may be repeated with its key.
        var key = ("Idempotency-Key", BankClient.NewKey());
        AssertRefused(await RegisterAsync(ada[0], key), "bank", MaxPerBank);
        var removed = ofAda.First(a => a.StatusCode == 201).Text("id");
        (await ada[1].PostAsync($"/v1/webhooks/{removed}/remove", Reason)).Ok();
        (await RegisterAsync(ada[0], key)).Created();
        AssertRefused(await RegisterAsync(ben[0]), "bank", MaxPerBank);

        // A removed webhook whose document is lost does not count.
        (await ada[1].PostAsync($"/v1/webhooks/{ofAda.Last(a => a.StatusCode == 201).Text("id")}/remove", Reason)).Ok();
        Assert.True(PublicId.TryParse("whk", removed, out var id));
        await this.ExecuteAsync("delete from publishing.mt_doc_webhook where id = $1", id);
        (await RegisterAsync(ada[0])).Created();
    }

    private static void AssertRefused(Answer answer, string scope, int limit)
    {
        answer.IsProblem(409, "too_many_webhooks");
        Assert.Equal((scope, $"{limit}", "false"), (answer.Text("scope"), answer.Text("limit"), answer.Text("applied")));
    }

    private static Task<Answer> RegisterAsync(BankClient caller, params (string, string)[] headers) =>
        caller.PostAsync("/v1/webhooks", new { url = "http://127.0.0.1:9/hook" }, headers);

    private BankClient Operator(string subject) => On(Host, "operator", subject);

    private static BankClient On(Alba.IAlbaHost host, string role, string subject) => new(
        host.Server.CreateClient(),
        host.Services.GetRequiredService<DevTokens>().Issue(role, null, subject, TimeProvider.System.GetUtcNow()));
}
