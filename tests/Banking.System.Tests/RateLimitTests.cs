using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Too many requests of one caller are answered 429; other callers are not affected.</summary>
public sealed class RateLimitTests(RateLimitTests.SlowBank bank) : IClassFixture<RateLimitTests.SlowBank>
{
    public sealed class SlowBank : BankFixture
    {
        // A bucket of four writes, refilled by two per second, and five tokens per minute.
        protected override string[] Settings =>
            [.. base.Settings, "--Banking:RateLimits:WritesPerSecond", "2", "--Banking:RateLimits:TokensPerMinute", "5"];
    }

    [Fact]
    public async Task A_caller_over_the_limit_gets_Retry_After_and_others_are_not_limited()
    {
        var teller = bank.As("teller");
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => teller.PostAsync("/v1/customers", new { name = "Ada" })));

        var refused = answers.Where(a => a.StatusCode == 429).ToList();
        Assert.InRange(refused.Count, 1, 8);
        Assert.All(answers.Except(refused), a => a.Created());
        Assert.All(refused, a =>
        {
            a.IsProblem(429, "too_many_requests");
            Assert.InRange(int.Parse(a.Header("Retry-After")!, global::System.Globalization.CultureInfo.InvariantCulture), 1, 5);
        });

        // Reads are not limited, and another subject has a limit of its own.
        (await teller.GetAsync("/v1/customers")).Ok();
        Assert.NotEqual(
            429,
            (await bank.As("operator").PostAsync("/ops/projections/nothing/resume", new { reasonCode = "test", reason = "x" })).StatusCode);
    }

    [Fact]
    public async Task Tokens_are_limited_by_address()
    {
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => bank.Anonymous().PostAsync("/dev/token", new { role = "teller" })));
        // Callers with a token have the same limit.
        var others = await Task.WhenAll(
            ((string[])["teller", "operator", "auditor"]).Select(r => bank.As(r).PostAsync("/dev/token", new { role = r })));

        Assert.All(others, a => a.IsProblem(429, "too_many_requests"));
        Assert.Equal(5, answers.Count(a => a.StatusCode == 200));
        Assert.All(answers.Where(a => a.StatusCode != 200), a =>
        {
            a.IsProblem(429, "too_many_requests");
            Assert.NotNull(a.Header("Retry-After"));
        });
    }
}

/// <summary>Rate limits can be turned off.</summary>
public sealed class RateLimitDefaultTests(RateLimitDefaultTests.UnlimitedBank bank) : IClassFixture<RateLimitDefaultTests.UnlimitedBank>
{
    public sealed class UnlimitedBank : BankFixture
    {
        protected override string[] Settings =>
            [
                .. base.Settings,
                "--Banking:RateLimits:Enabled",
                "false",
                "--Banking:RateLimits:WritesPerSecond",
                "1",
                "--Banking:RateLimits:TokensPerMinute",
                "1",
            ];
    }

    [Fact]
    public async Task Disabled_limits_refuse_no_request()
    {
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => bank.As("teller").PostAsync("/v1/customers", new { name = "Ada" })));

        Assert.All(answers, a => a.Created());
    }
}
