using System.Globalization;

namespace Banking.Publishing.Tests.Faults;

/// <summary>
/// Clients that send transfers in batches. After a failed request they retry with the same idempotency keys until the batch is accepted.
/// </summary>
internal sealed class Payers(KillableBank bank, IReadOnlyList<string> accounts, int seed, int events)
{
    private const int Callers = 2;
    private const int Batch = 25;

    private static readonly TimeSpan SlowInterval = TimeSpan.FromMilliseconds(50);

    private int _transfers;
    private int _refusedWhileUp;

    /// <summary>The number of accepted transfers. Each creates two events.</summary>
    public int Transfers => Volatile.Read(ref _transfers);

    /// <summary>The number of failed requests during which the host was up the whole time.</summary>
    public int RefusedWhileUp => Volatile.Read(ref _refusedWhileUp);

    /// <summary>Pays until there are enough events and all disturbances are over.</summary>
    public Task RunAsync(Func<bool> isOver) => Task.WhenAll(Enumerable.Range(0, Callers).Select(c => PayAsync(c, isOver)));

    private async Task PayAsync(int caller, Func<bool> isOver)
    {
        var random = new Random(seed + caller);
        for (var i = 0; Transfers * 2 < events || !isOver(); i++)
        {
            var mode = "independent";
            var items = Enumerable.Range(0, Batch).Select(n =>
            {
                var from = random.Next(accounts.Count);
                return new
                {
                    idempotencyKey = string.Create(CultureInfo.InvariantCulture, $"pay-{caller}-{i}-{n}"),
                    command = new
                    {
                        fromAccountId = accounts[from],
                        toAccountId = accounts[(from + 1 + random.Next(accounts.Count - 1)) % accounts.Count],
                        amount = new { value = "0.01", currency = "EUR" },
                        reason = "test",
                    },
                };
            }).ToArray();
            while (!await PostAsync(new { mode, items }))
            {
            }

            Interlocked.Add(ref _transfers, Batch);
            if (Transfers * 2 >= events)
            {
                // There are enough events: continue slowly until all disturbances are over.
                await Task.Delay(SlowInterval, TimeProvider.System);
            }
        }
    }

    private async Task<bool> PostAsync(object batch)
    {
        var teller = await bank.TellerAsync();
        var epochBefore = bank.Epoch;
        try
        {
            var answer = await teller.PostAsync("/v1/transfers/batch", batch);
            if (answer.StatusCode == 200 && answer.Json.GetProperty("accepted").GetInt32() == Batch)
            {
                return true;
            }

            CountFailureIfUp(epochBefore);
            return false;
        }
        catch (HttpRequestException)
        {
            // Expected if the host was killed; any other failure is counted.
            CountFailureIfUp(epochBefore);
            return false;
        }
    }

    private void CountFailureIfUp(long epochBefore)
    {
        if (bank.Epoch == epochBefore && epochBefore % 2 == 1)
        {
            Interlocked.Increment(ref _refusedWhileUp);
        }
    }
}
