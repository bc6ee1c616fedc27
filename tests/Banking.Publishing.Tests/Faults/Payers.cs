using System.Globalization;

namespace Banking.Publishing.Tests.Faults;

/// <summary>
/// Callers who pay from account to account in batches and, where they get no answer, ask again with the same keys until they do.
/// </summary>
internal sealed class Payers(KillableBank bank, IReadOnlyList<string> accounts, int seed, int events)
{
    private const int Callers = 2;
    private const int Batch = 25;

    private static readonly TimeSpan Trickle = TimeSpan.FromMilliseconds(50);

    private int _transfers;
    private int _refusedWhileUp;

    /// <summary>Accepted, each of two events.</summary>
    public int Transfers => Volatile.Read(ref _transfers);

    /// <summary>Requests that a host which was up all the while did not accept.</summary>
    public int RefusedWhileUp => Volatile.Read(ref _refusedWhileUp);

    /// <summary>Until there are enough events, and somebody says that all disturbances are over.</summary>
    public Task RunAsync(Func<bool> over) => Task.WhenAll(Enumerable.Range(0, Callers).Select(c => PayAsync(c, over)));

    private async Task PayAsync(int caller, Func<bool> over)
    {
        var random = new Random(seed + caller);
        for (var i = 0; Transfers * 2 < events || !over(); i++)
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
                // Enough: a trickle keeps coming until all disturbances are over.
                await Task.Delay(Trickle, TimeProvider.System);
            }
        }
    }

    private async Task<bool> PostAsync(object batch)
    {
        var teller = await bank.TellerAsync();
        var before = bank.Epoch;
        try
        {
            var answer = await teller.PostAsync("/v1/transfers/batch", batch);
            if (answer.StatusCode == 200 && answer.Json.GetProperty("accepted").GetInt32() == Batch)
            {
                return true;
            }

            Count(before);
            return false;
        }
        catch (HttpRequestException)
        {
            // It was killed, or is about to be found out.
            Count(before);
            return false;
        }
    }

    private void Count(long before)
    {
        if (bank.Epoch == before && before % 2 == 1)
        {
            Interlocked.Increment(ref _refusedWhileUp);
        }
    }
}
