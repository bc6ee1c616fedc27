using System.Net;
using Banking.Publishing.Webhooks;

namespace Banking.Publishing.Tests;

/// <summary>A webhook address must not give access to the bank's own network.</summary>
public sealed class WebhookAddressTests(GuardedBank bank) : IClassFixture<GuardedBank>
{
    [Theory]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://localhost./")]
    [InlineData("https://0.0.0.0/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[::ffff:7f00:1]/")]
    [InlineData("https://[fc00::1]/")]
    [InlineData("https://[fe80::1]/")]
    [InlineData("https://[64:ff9b::7f00:1]/")]
    [InlineData("https://[2002:7f00:1::]/")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://100.64.0.1/")]
    [InlineData("https://10.1.2.3/")]
    [InlineData("https://172.31.255.255/")]
    [InlineData("https://192.168.0.1/")]
    [InlineData("https://224.0.0.1/")]
    [InlineData("https://255.255.255.255/")]
    [InlineData("http://ada.example/")]
    public async Task An_address_that_is_not_public_or_not_secret_is_refused(string url)
    {
        var answer = await bank.AskAsync("/v1/webhooks", new { url });
        Assert.Equal((422, "webhook_address_not_allowed"), (answer.StatusCode, answer.Code));
    }

    // Addresses just outside private blocks, an unassigned IPv6 block, and reserved ones. The test sends nothing to them.
    [Theory]
    [InlineData("172.32.0.0", true)]
    [InlineData("100.128.0.0", true)]
    [InlineData("::ffff:172.32.0.0", true)]
    [InlineData("3ffe::1", true)]
    [InlineData("2001:db8::1", false)]
    [InlineData("2001:0:1::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("198.18.0.1", false)]
    public void Public_is_what_the_world_can_reach(string address, bool isPublic) =>
        Assert.Equal(isPublic, AddressGuard.IsPublic(IPAddress.Parse(address)));

    [Fact]
    public async Task A_name_that_leads_home_after_it_was_registered_is_not_followed()
    {
        var webhook = (await bank.AskAsync("/v1/webhooks", new { url = "https://rebinding.example/" })).Created().Text("id");
        var attempt = (await bank.AskAsync($"/v1/webhooks/{webhook}/test", new { })).Ok();
        Assert.Equal(("false", "rebinding.example resolves to no allowed address."), (attempt.Text("taken"), attempt.Text("text")));
    }
}
