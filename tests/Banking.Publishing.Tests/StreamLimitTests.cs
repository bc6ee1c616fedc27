using Banking.Host.Security;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>A caller, and a host, have a limited number of open streams.</summary>
public sealed class StreamLimitTests(StreamLimitTests.LimitedBank bank) : IClassFixture<StreamLimitTests.LimitedBank>
{
    public sealed class LimitedBank : BankFixture
    {
        protected override string[] Settings =>
            [.. base.Settings, "--Banking:EventStreams:MaxPerCaller", "2", "--Banking:EventStreams:MaxPerHost", "3"];
    }

    [Fact]
    public async Task One_more_than_allowed_is_refused_until_another_is_closed()
    {
        var (ada, ben) = (Token("ada"), Token("ben"));
        await using var first = await StartAsync(ada);
        await using (await StartAsync(ada))
        {
            AssertRefused(await OpenAsync(ada), 429, "caller", 2);
            await using (await StartAsync(ben))
            {
                AssertRefused(await OpenAsync(ben), 503, "host", 3);
                // Pages and headers are no streams.
                (await bank.WithToken(ben).GetAsync("/v1/feed")).Ok();
                Assert.Equal(200, (await bank.WithToken(ben).SendAsync(
                    HttpMethod.Head, "/v1/feed", null, ("Accept", "text/event-stream"))).StatusCode);
            }
        }

        await Eventually.UntilAsync(
            async () =>
            {
                try
                {
                    await using var again = await StartAsync(ada);
                    return true;
                }
                catch (Xunit.Sdk.XunitException)
                {
                    return false;
                }
            },
            isOpen => isOpen);
    }

    private static void AssertRefused(Answer answer, int status, string scope, int limit)
    {
        answer.IsProblem(status, "too_many_streams");
        Assert.Equal((scope, $"{limit}", "10"), (answer.Text("scope"), answer.Text("limit"), answer.Header("Retry-After")));
    }

    private Task<Answer> OpenAsync(string token) => bank.WithToken(token).GetAsync("/v1/feed", ("Accept", "text/event-stream"));

    private Task<Following> StartAsync(string token) => Following.StartAsync(bank.Host.Server.CreateClient(), token, "");

    private string Token(string subject) =>
        bank.Host.Services.GetRequiredService<DevTokens>().Issue("auditor", null, subject, TimeProvider.System.GetUtcNow());
}
