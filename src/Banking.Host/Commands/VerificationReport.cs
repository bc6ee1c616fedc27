using System.Globalization;
using System.Text.Json;
using Banking.EventStore.Json;
using Banking.ReadModels.Verifying;

namespace Banking.Host.Commands;

/// <summary>The result of a verification, as text or as one JSON object.</summary>
internal static class VerificationReport
{
    private static readonly JsonSerializerOptions Indented = new(ApiJson.Options) { WriteIndented = true };

    public static void Write(VerificationResult result, double seconds, bool json)
    {
        var accounts = result.Streams.GetValueOrDefault("account");
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { result.Events, Accounts = accounts, result.Differences, Seconds = Math.Round(seconds, 3) },
                Indented));
            return;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Events:N0} events of {accounts:N0} accounts compared in {seconds:0.0} s: {result.Differences.Count} differences."));
        foreach (var d in result.Differences)
        {
            var (expected, found) = (d.Expected ?? "nothing", d.Found ?? "nothing");
            Console.WriteLine($"  {d.Model} {d.Table} {d.Stream ?? d.Id}: expected {expected}, found {found}");
        }
    }
}
