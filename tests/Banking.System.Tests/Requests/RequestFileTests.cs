using Banking.Testing;

namespace Banking.System.Tests.Requests;

/// <summary>A bank that delivers to webhooks on this machine, and whose first account was opened last month.</summary>
public sealed class RequestedBank : BankFixture, IAsyncLifetime
{
    protected override string[] Settings => [.. base.Settings, .. LocalWebhooks];

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        await As("teller").OpenAsync(effectiveAt: Clock.Now.AddDays(-25));
    }
}

/// <summary>The files in <c>requests</c> run from top to bottom.</summary>
public sealed class RequestFileTests(RequestedBank bank) : IClassFixture<RequestedBank>
{
    [Theory]
    [InlineData("accounts.http")]
    [InlineData("operations.http")]
    [InlineData("publication.http")]
    public async Task Every_request_is_answered_as_its_title_says(string file)
    {
        var answers = await new HttpFile(file, bank.Clock.Now, role => bank.Token(role)).RunAsync(bank.Anonymous());

        Assert.True(answers.Count > 8, $"{file} has {answers.Count} requests.");
        Assert.All(answers, a => Assert.True(
            a.Status < 400 == !a.Title.Contains("refused with", StringComparison.Ordinal), $"{file}, {a.Title}: {a.Status} {a.Body}"));
    }
}
