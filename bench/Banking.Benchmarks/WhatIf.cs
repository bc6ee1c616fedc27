using System.Diagnostics;
using System.Text.Json;

namespace Banking.Benchmarks;

/// <summary>Measures a simulation of one account with a million movements, of which all are decided again.</summary>
internal static class WhatIf
{
    public const string Name = "what-if";

    /// <summary>A host setting: the history of the account is a little longer than the default.</summary>
    public const string Setting = "--Banking:Simulations:MaxEvents=2000000";

    public static async Task MeasureAsync(BankUnderTest bank, string account, RunResults results)
    {
        using var teller = await bank.ClientAsync("teller");
        // Two rounds, because the first one includes compilation.
        foreach (var round in (string[])["cold", "warm"])
        {
            var watch = Stopwatch.StartNew();
            using var started = await teller.PostAsJsonAsync(
                "/v1/simulations",
                new { accounts = new[] { account }, overdraftLimit = new { value = "500.00", currency = "EUR" } });
            started.EnsureSuccessStatusCode();
            var (state, events) = ("running", 0L);
            while (state == "running")
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
                using var json = JsonDocument.Parse(await teller.GetStringAsync(started.Headers.Location));
                state = json.RootElement.GetProperty("state").GetString()!;
                events = json.RootElement.GetProperty("progress").GetProperty("done").GetInt64();
            }

            var seconds = watch.Elapsed.TotalSeconds;
            results.Add(new(
                Name, 1, round, Math.Round(events / seconds), 0, state == "finished" ? 0 : 1, seconds * 1000, seconds * 1000,
                seconds * 1000));
            await results.PrintAsync($"{Name,-15} {round} {events:N0} events decided again in {seconds:0.0} s: ", $"{state}");
        }
    }
}
