using CsCheck;

namespace Banking.Consumer.Tests;

/// <summary>Random histories of a few accounts, delivered correctly or not.</summary>
public sealed class BookProperties
{
    // The account, the step of its version (not every event is published), and the cents that move.
    private static readonly Gen<BankEvent[]> AnyHistory =
        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 3], Gen.Long[-1_000_000, 1_000_000]).Array[0, 40].Select(steps =>
        {
            var last = new Dictionary<string, long>();
            return steps
                .Select(
                    (step, i) =>
                    {
                        var (account, jump, cents) = ($"acc_{step.Item1}", step.Item2, step.Item3);
                        long? previous = last.TryGetValue(account, out var version) ? version : null;
                        last[account] = version + jump;
                        return new BankEvent(
                            $"evt_{i}",
                            "banking.account.money-deposited.v1",
                            new(account, version + jump, previous),
                            new Money(cents / 100m, "EUR"));
                    })
                .ToArray();
        });

    // At least once: a restart resumes at an earlier position, and any event may be repeated immediately.
    private static readonly Gen<(BankEvent[] History, BankEvent[] Delivered)> AnyDelivery = AnyHistory.SelectMany(history =>
        Gen.Select(Gen.Double.Unit, Gen.Int[0, 4]).Array[history.Length].Select(accidents =>
        {
            var delivered = new List<BankEvent>();
            for (var i = 0; i < history.Length; i++)
            {
                var (back, kind) = accidents[i];
                delivered.Add(history[i]);
                delivered.AddRange(kind switch
                {
                    0 => [history[i]],
                    1 => history[(int)(back * i)..(i + 1)],
                    _ => [],
                });
            }

            return (history, delivered.ToArray());
        }));

    private static readonly Gen<(BankEvent[] Delivered, BankEvent Dropped)> AnyLoss = AnyDelivery
        .SelectMany(d => Gen.Int[0, int.MaxValue].Select(n => (d.History, d.Delivered, Choices: Followed(d.History), n)))
        .Where(d => d.Choices.Count > 0)
        .Select(d =>
        {
            var dropped = d.Choices[d.n % d.Choices.Count];
            return (d.Delivered.Where(e => e.Id != dropped.Id).ToArray(), dropped);
        });

    private static readonly Gen<BankEvent[]> AnySwap = AnyHistory
        .SelectMany(history => Gen.Int[0, int.MaxValue].Select(n => (history, Choices: Followed(history), n)))
        .Where(h => h.Choices.Count > 0)
        .Select(h =>
        {
            var first = h.Choices[h.n % h.Choices.Count];
            var later = h.history
                .Where(e => e.Position!.Account == first.Position!.Account && e.Position.Version > first.Position.Version)
                .ToArray();
            var second = later[h.n / 7 % later.Length];
            return h.history.Select(e => e == first ? second : e == second ? first : e).ToArray();
        });

    [Fact]
    public void With_any_redeliveries_the_balances_are_those_of_a_plain_fold() => AnyDelivery.Sample(d =>
    {
        var book = Taken(d.Delivered);
        return book is { Inversions: 0, Waiting: 0 } && !book.Gaps.Any()
            && book.Applied == d.History.Length && book.Duplicates == d.Delivered.Length - d.History.Length
            && Balances(book).SequenceEqual(Fold(d.History));
    }, iter: 5_000);

    [Fact]
    public void A_dropped_event_is_found_as_a_gap_at_its_position() => AnyLoss.Sample(d =>
    {
        var gap = Taken(d.Delivered).Gaps.Single();
        var dropped = d.Dropped.Position!;
        return gap == new Gap(dropped.Account, dropped.Previous, dropped.Version);
    }, iter: 5_000);

    [Fact]
    public void Two_swapped_events_of_an_account_are_found_and_the_balances_are_right() => AnySwap.Sample(delivered =>
    {
        var book = Taken(delivered);
        return book.Inversions > 0 && !book.Gaps.Any() && Balances(book).SequenceEqual(Fold(delivered));
    }, iter: 5_000);

    [Fact]
    public void In_any_order_every_event_is_applied_once_and_the_counts_add_up() =>
        AnyDelivery.SelectMany(d => Gen.Shuffle(d.Delivered).Select(shuffled => (d.History, Shuffled: shuffled))).Sample(d =>
        {
            var book = new Book();
            foreach (var e in d.Shuffled)
            {
                book.Take(e);
                Assert.Equal(book.Received, book.Applied + book.Waiting + book.Duplicates);
            }

            return book.Applied == d.History.Length && Balances(book).SequenceEqual(Fold(d.History));
        }, iter: 5_000);

    /// <summary>
    /// The events that are not the last of their account. Only the bank.s count shows the loss of a last event.
    /// </summary>
    private static List<BankEvent> Followed(BankEvent[] history) =>
        [.. history.Where(e => history.Any(o => o.Position!.Account == e.Position!.Account && o.Position.Version > e.Position.Version))];

    private static Book Taken(IEnumerable<BankEvent> events)
    {
        var book = new Book();
        foreach (var e in events)
        {
            book.Take(e);
        }

        return book;
    }

    private static IEnumerable<(string, decimal)> Balances(Book book) => book.Accounts.Select(a => (a.Account, a.Balance!.Value.Value));

    private static IEnumerable<(string, decimal)> Fold(IEnumerable<BankEvent> history) => history
        .GroupBy(e => e.Position!.Account, e => e.Effect!.Value.Value)
        .Select(g => (g.Key, g.Sum()))
        .OrderBy(g => g.Key, StringComparer.Ordinal);
}
