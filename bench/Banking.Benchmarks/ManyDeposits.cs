using System.Globalization;
using System.Text;

namespace Banking.Benchmarks;

/// <summary>Books many deposits in batches.</summary>
internal static class ManyDeposits
{
    private const int BatchSize = 1_000;

    /// <summary>Books many deposits on one account.</summary>
    /// <param name="effectiveAt">The effective time of each deposit. Null for now.</param>
    public static Task BookAsync(BankUnderTest bank, string account, int count, Func<int, string>? effectiveAt = null) =>
        BookAsync(bank, count, i => (account, effectiveAt?.Invoke(i)));

    /// <param name="deposit">The account and the effective time of each deposit. Null for now.</param>
    public static async Task BookAsync(BankUnderTest bank, int count, Func<int, (string Account, string? EffectiveAt)> deposit)
    {
        var json = new StringBuilder();
        using var http = await RawHttp.ConnectAsync(bank.Address, "/v1/deposits/batch", bank.Token, maxBytes: 4 * 1024 * 1024);
        for (var done = 0; done < count; done += BatchSize)
        {
            var key = "";
            json.Clear().Append("""{"mode":"independent","items":[""");
            for (var i = done; i < Math.Min(count, done + BatchSize); i++)
            {
                var (account, effectiveAt) = deposit(i);
                key = i > done ? key : $"{account}-{done}";
                var effective = effectiveAt is null ? "" : $",\"effectiveAt\":\"{effectiveAt}\"";
                json.Append(i > done ? "," : "").Append(
                    CultureInfo.InvariantCulture,
                    $$$$"""
                    {"idempotencyKey":"{{{{account}}}}-{{{{i}}}}","command":{"accountId":"{{{{account}}}}",
                    "amount":{"value":"1.23","currency":"EUR"},"reason":"benchmark"{{{{effective}}}}}}
                    """);
            }

            if (await http.PostAsync(key, json.Append("]}").ToString()) is var status and not 200)
            {
                throw new InvalidOperationException($"{status}: {Encoding.UTF8.GetString(http.Body.Span)}");
            }
        }
    }
}
