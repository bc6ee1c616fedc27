using System.Collections.Concurrent;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Platform.Commands;
using Banking.SharedKernel;
using CsCheck;

namespace Banking.Accounts.Tests;

/// <summary>What holds for every history that commands can make.</summary>
public sealed class AccountProperties
{
    [Fact]
    public void A_balance_is_the_sum_of_signed_movements_and_a_version_is_their_count() =>
        RandomBank.Steps.Sample(steps =>
        {
            var (bank, _) = RandomBank.Live(steps);
            foreach (var (id, account) in bank.Accounts)
            {
                var events = bank.History.Where(e => e.Account == id).ToList();
                var sum = events
                    .Select(e => e.Data)
                    .OfType<IMovement>()
                    .Sum(m => m.Direction == Contracts.Direction.Credit ? m.Amount.Minor : -m.Amount.Minor);
                Assert.Equal(sum, account.Balance.Minor);
                Assert.Equal(events.Count, account.Version);
                Assert.Equal(events[^1].RecordedAt, account.RecordedAt);
            }
        });

    [Fact]
    public void No_event_takes_an_account_below_its_limit_or_beyond_what_the_bank_can_keep() => RandomBank.Steps.Sample(steps =>
    {
        var accounts = new Dictionary<Guid, Account>();
        foreach (var e in RandomBank.Live(steps).Bank.History)
        {
            var account = accounts[e.Account] = Account.Fold(accounts.GetValueOrDefault(e.Account), e.Account, e.Data, e.RecordedAt);
            Assert.True(account.Balance >= -account.OverdraftLimit, $"{account} after {e.Data}");
            Assert.InRange(account.Balance.Minor, -Guards.LargestAmount, Guards.LargestBalance);
            Assert.True(account.Available.Minor >= 0);
        }
    });

    [Fact]
    public void At_no_instant_of_the_past_is_an_account_below_what_it_was_allowed_then() =>
        RandomBank.Steps.Sample(steps =>
        {
            foreach (var events in RandomBank.Live(steps).Bank.History.GroupBy(e => e.Account))
            {
                // By the sums over all that counted at each instant, from the events and by nothing of the decision's.
                var facts = events.Select(e => (IAccountEvent)e.Data).ToList();
                foreach (var at in facts.Select(f => f.EffectiveAt).Distinct())
                {
                    var counted = facts.Where(f => f.EffectiveAt <= at).ToList();
                    var balance = counted
                        .OfType<IMovement>()
                        .Aggregate((Int128)0, (sum, m) =>
                            sum + (m.Direction == Contracts.Direction.Credit ? m.Amount.Minor : -m.Amount.Minor));
                    var limit = counted
                        .Select(f =>
                            f is AccountOpened o ? o.OverdraftLimit.Minor
                            : f is OverdraftLimitSet s ? s.Limit.Minor
                            : (long?)null)
                        .Last(l => l is not null);
                    Assert.True(balance + limit >= 0, $"{balance} with a limit of {limit} at {at:O}");
                }
            }
        });

    [Fact]
    public void A_fold_of_the_first_events_and_then_of_the_rest_is_the_fold_of_all() => RandomBank.Steps.Sample(steps =>
    {
        var (bank, _) = RandomBank.Live(steps);
        foreach (var (id, account) in bank.Accounts)
        {
            var events = bank.History.Where(e => e.Account == id).ToList();
            for (var n = 1; n < events.Count; n++)
            {
                Same(account, RandomBank.Fold(events[n..], RandomBank.Fold(events[..n])));
            }
        }
    });

    [Fact]
    public void A_decision_asked_again_is_the_same_and_only_an_accepted_one_changes_anything() => RandomBank.Steps.Sample(steps =>
    {
        foreach (var tried in RandomBank.Live(steps).Tried)
        {
            Assert.Equal(Told(tried.Decision), Told(tried.Again()));
            Assert.Equal(tried.Decision is Decision.Accepted, tried.Before.Any(b => b.Value != tried.After[b.Key]));
        }
    });

    [Fact]
    public void A_transfer_moves_money_and_makes_none() =>
        RandomBank.Steps.Sample(steps =>
        {
            foreach (var tried in RandomBank.Live(steps).Tried.Where(t => t.Step.Slice == "transfer"))
            {
                Assert.Equal(Sums(tried.Before), Sums(tried.After));
                Assert.Equal(
                    tried.Decision is Decision.Accepted ? 2 : 0, tried.Before.Count(b => b.Value.Version != tried.After[b.Key].Version));
            }
        });

    [Fact]
    public void What_comes_in_and_goes_out_is_all_that_changes_the_sum() => RandomBank.Steps.Sample(steps =>
    {
        var (bank, _) = RandomBank.Live(steps);
        var outside = bank.History.Where(e => e.Data is MoneyDeposited or MoneyWithdrawn).Select(e => (IMovement)e.Data)
            .GroupBy(m => m.Amount.Currency, m => (Int128)(m is MoneyDeposited ? m.Amount.Minor : -m.Amount.Minor))
            .ToDictionary(g => g.Key, g => g.Aggregate((a, b) => a + b));
        Assert.Equal(bank.Accounts.Values.Select(a => a.Currency).Distinct().Count(), Sums(bank.Accounts).Count);
        Assert.All(Sums(bank.Accounts), sum => Assert.Equal(sum.Value, outside.GetValueOrDefault(sum.Key)));
    });

    /// <summary>
    /// The properties above say nothing where nothing happens: every answer of every slice must have been among the cases.
    /// </summary>
    [Fact]
    public void The_random_commands_reach_every_answer()
    {
        var reached = new ConcurrentDictionary<string, int>();
        RandomBank.Steps.Sample(steps =>
        {
            foreach (var tried in RandomBank.Live(steps).Tried)
            {
                reached.AddOrUpdate($"{tried.Step.Slice}: {new Verdict(tried.Decision).Code}", 1, (_, count) => count + 1);
                if (tried.Decision is Decision.Refused { Refusal: var refusal } && refusal.Facts.ContainsKey("lowestAt"))
                {
                    reached.AddOrUpdate($"{tried.Step.Slice}: {refusal.Code} then", 1, (_, count) => count + 1);
                }
            }
        });

        string[] movement =
        [
            "accepted",
            "account_closed",
            "account_frozen",
            "currency_mismatch",
            "effective_in_future",
            "effective_too_early",
        ];
        var expected = new Dictionary<string, string[]>
        {
            ["deposit"] = [.. movement, "balance_too_large"],
            ["withdraw"] = [.. movement, "insufficient_funds", "insufficient_funds then"],
            ["transfer"] =
            [
                .. movement,
                "insufficient_funds",
                "insufficient_funds then",
                "same_account",
                "payee_account_closed",
                "payee_account_frozen",
                "payee_balance_too_large",
            ],
            ["freeze"] = ["accepted", "account_closed", "already_frozen"],
            ["unfreeze"] = ["accepted", "account_closed", "not_frozen"],
            ["limit"] = ["accepted", "account_closed", "invalid_amount", "limit_below_use"],
            ["close"] = ["accepted", "account_closed", "account_frozen", "balance_not_zero"],
        };
        Assert.Empty(expected.SelectMany(slice => slice.Value.Select(code => $"{slice.Key}: {code}")).Except(reached.Keys));
    }

    internal static void Same(Account expected, Account actual)
    {
        // Records compare a list by reference; who may use the account is compared by content.
        Assert.Equal(expected with { Delegates = actual.Delegates }, actual);
        Assert.Equal(expected.Delegates, actual.Delegates);
    }

    private static string Told(Decision decision) => decision switch
    {
        Decision.Accepted accepted => string.Join('\n', accepted.Events),
        Decision.Refused refused => Problems.Document(refused.Refusal, "trace"),
        Decision.Rejected rejected => Problems.Document(rejected.Refusal, "trace"),
        _ => throw new InvalidOperationException($"{decision} is not an answer."),
    };

    private static Dictionary<Currency, Int128> Sums(IReadOnlyDictionary<Guid, Account> accounts) => accounts.Values
        .GroupBy(a => a.Currency, a => (Int128)a.Balance.Minor)
        .ToDictionary(g => g.Key, g => g.Aggregate((a, b) => a + b));
}
