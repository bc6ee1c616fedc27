using System.Globalization;
using Banking.Testing;
using CsCheck;

namespace Banking.System.Tests;

/// <summary>Repeating any commands has no effect.</summary>
public sealed class RepeatedCommandsTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly Gen<(int Kind, int Cents)[]> Commands =
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 5_000]).Array[1, 12];

    [Fact]
    public async Task A_repeated_command_has_no_effect_and_gets_the_same_answer()
    {
        var teller = bank.As("teller");
        var run = 0;
        await Commands.SampleAsync(
            async commands =>
            {
                var prefix = string.Create(CultureInfo.InvariantCulture, $"twice-{Interlocked.Increment(ref run)}");
                var (a, b) = (await teller.OpenAsync(balance: "50.00"), await teller.OpenAsync());
                var first = await SendAsync(teller, commands, prefix, a, b);
                var (balances, versions) = await StateAsync(teller, a, b);

                var second = await SendAsync(teller, commands, prefix, a, b);

                Assert.Equal(first.Select(f => (f.StatusCode, f.Body)), second.Select(s => (s.StatusCode, s.Body)));
                Assert.All(second, s => Assert.Equal("true", s.Header("Idempotency-Replayed")));
                Assert.Equal((balances, versions), await StateAsync(teller, a, b));
            },
            iter: 40,
            threads: 1);
    }

    private static async Task<List<Answer>> SendAsync(
        BankClient teller, (int Kind, int Cents)[] commands, string prefix, string a, string b)
    {
        var answers = new List<Answer>();
        foreach (var ((kind, cents), i) in commands.Select((c, i) => (c, i)))
        {
            var key = ("Idempotency-Key", string.Create(CultureInfo.InvariantCulture, $"{prefix}-{i}"));
            var value = (cents / 100m).ToString("0.00", CultureInfo.InvariantCulture);
            answers.Add(kind switch
            {
                0 => await teller.DepositAsync(a, value, "EUR", key),
                1 => await teller.WithdrawAsync(a, value, "EUR", key),
                _ => await teller.TransferAsync(a, b, value, "EUR", key),
            });
        }

        return answers;
    }

    private static async Task<(string Balances, string Versions)> StateAsync(BankClient teller, string a, string b)
    {
        var (one, two) = ((await teller.GetAsync("/v1/accounts/" + a)).Ok(), (await teller.GetAsync("/v1/accounts/" + b)).Ok());
        return ($"{one.Text("balance", "value")} {two.Text("balance", "value")}", $"{one.Text("version")} {two.Text("version")}");
    }
}
