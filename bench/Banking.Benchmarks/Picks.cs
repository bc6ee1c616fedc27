namespace Banking.Benchmarks;

/// <summary>Chooses payer and payee of each transfer. Seeded per caller, so that a run can be repeated.</summary>
internal static class Picks
{
    public static Func<int, long, (int From, int To)> Uniform(int accounts)
    {
        var random = CreateRandoms();
        return (caller, _) => MakeDistinct(random[caller].Next(accounts), random[caller].Next(accounts), accounts);
    }

    /// <summary>Zipf with exponent 1.0: the first account is chosen about a tenth of the time.</summary>
    public static Func<int, long, (int From, int To)> Zipf(int accounts)
    {
        var random = CreateRandoms();
        var sums = new double[accounts];
        var sum = 0.0;
        for (var i = 0; i < accounts; i++)
        {
            sums[i] = sum += 1.0 / (i + 1);
        }

        int Pick(Random r)
        {
            var at = Array.BinarySearch(sums, r.NextDouble() * sum);
            return Math.Min(at < 0 ? ~at : at, accounts - 1);
        }

        return (caller, _) => MakeDistinct(Pick(random[caller]), Pick(random[caller]), accounts);
    }

    public static Func<int, long, (int From, int To)> HotPayer(int accounts)
    {
        var random = CreateRandoms();
        return (caller, _) => (0, 1 + random[caller].Next(accounts - 1));
    }

    public static Func<int, long, (int From, int To)> HotPayee(int accounts)
    {
        var random = CreateRandoms();
        return (caller, _) => (1 + random[caller].Next(accounts - 1), 0);
    }

    public static Func<int, long, (int From, int To)> OppositePairs() =>
        (caller, i) => (caller + i) % 2 == 0 ? (caller / 2 * 2, (caller / 2 * 2) + 1) : ((caller / 2 * 2) + 1, caller / 2 * 2);

    private static (int, int) MakeDistinct(int from, int to, int accounts) => from == to ? (from, (to + 1) % accounts) : (from, to);

    private static Random[] CreateRandoms() => [.. Enumerable.Range(0, 1024).Select(i => new Random(42 + i))];
}
