using System.Globalization;
using System.Text;

namespace Banking.Benchmarks;

/// <summary>Books many deposits on one account, in batches.</summary>
internal static class ManyDeposits
{
    private const int BatchSize = 1_000;

    /// <param name="effectiveAt">The effective time of each deposit. Null for now.</param>
    public static async Task BookAsync(BankUnderTest bank, string account, int count, Func<int, string>? effectiveAt = null)
    {
        var json = new StringBuilder();
        using var http = await RawHttp.ConnectAsync(bank.Address, "/v1/deposits/batch", bank.Token, maxBytes: 4 * 1024 * 1024);
        for (var done = 0; done < count; done += BatchSize)
        {
            json.Clear().Append("""{"mode":"independent","items":[""");
            for (var i = done; i < Math.Min(count, done + BatchSize); i++)
            {
                var effective = effectiveAt is null ? "" : $",\"effectiveAt\":\"{effectiveAt(i)}\"";
                json.Append(i > done ? "," : "").Append(
                    CultureInfo.InvariantCulture,
                    $$$$"""
                    {"idempotencyKey":"{{{{account}}}}-{{{{i}}}}","command":{"accountId":"{{{{account}}}}",
                    "amount":{"value":"1.23","currency":"EUR"},"reason":"benchmark"{{{{effective}}}}}}
                    """);
            }

            if (await http.PostAsync($"{account}-{done}", json.Append("]}").ToString()) is var status and not 200)
            {
                throw new InvalidOperationException($"{status}: {Encoding.UTF8.GetString(http.Body.Span)}");
            }
        }
    }
}
