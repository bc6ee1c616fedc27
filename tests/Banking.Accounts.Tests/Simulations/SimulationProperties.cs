using System.Runtime.CompilerServices;
using Banking.Accounts.Domain;
using Banking.Accounts.Simulations.Replay;
using Banking.Accounts.Simulations.Views;
using Banking.SharedKernel;
using CsCheck;

namespace Banking.Accounts.Tests.Simulations;

/// <summary>Simulations of random histories against a bank that executes all commands again.</summary>
public sealed class SimulationProperties
{
    [Fact]
    public void Without_a_hypothesis_the_answer_is_reality_and_nothing_is_decided() => SmallBank.StepsWithBatches().Sample(steps =>
    {
        var bank = SmallBank.Lead(steps);

        var simulation = bank.Simulate(new());

        Assert.Equal(0, simulation.Accounts.Decisions);
        Assert.Empty(simulation.Differences.First);
        AssertSame(bank, simulation);
    }, iter: 100);

    [Fact]
    public void A_hypothesis_that_changes_nothing_decides_every_command_again_with_the_same_outcome() =>
        SmallBank.StepsWithBatches("limit").Sample(steps =>
        {
            var bank = SmallBank.Lead(steps);

            var simulation = bank.Simulate(new() { Limit = SmallBank.Eur(20) });

            Assert.Equal(steps.Count(bank.IsStored), simulation.Accounts.Decisions + simulation.Undecided);
            Assert.Empty(simulation.Differences.First);
            AssertSame(bank, simulation);
        }, iter: 200);

    [Fact]
    public void A_hypothesis_that_changes_nothing_gives_reality_for_any_of_the_accounts() =>
        Gen.Select(SmallBank.StepsWithBatches("limit"), Gen.Int[1, (1 << SmallBank.Accounts) - 2]).Sample((steps, chosen) =>
        {
            var bank = SmallBank.Lead(steps);

            var simulation = bank.Simulate(
                new() { Limit = SmallBank.Eur(20) }, [.. SmallBank.Ids.Where((_, i) => (chosen >> i & 1) == 1)]);

            Assert.Empty(simulation.Differences.First);
            AssertSame(bank, simulation);
        }, iter: 200);

    [Fact]
    public void What_is_left_out_gives_the_bank_without_that_command() =>
        Gen.Select(SmallBank.Steps(), Gen.Int[0, 40]).Sample((steps, n) =>
        {
            var omitted = steps[n % steps.Length];
            var bank = SmallBank.Lead(steps);

            var simulation = bank.Simulate(new() { Omitted = new HashSet<Guid> { SmallBank.CommandId(omitted) } });

            AssertSame(SmallBank.Lead(Stored(bank, steps).Where(s => s != omitted)), simulation, steps, bank);
        }, iter: 250);

    [Fact]
    public void Another_amount_gives_the_bank_with_that_amount() =>
        Gen.Select(SmallBank.Steps("close"), Gen.Int[0, 40], Gen.Int[1, 80]).Where(c => c.Item1.Any(s => s.IsMovement))
            .Sample((steps, n, amount) =>
            {
                var movements = steps.Where(s => s.IsMovement).ToArray();
                var changed = movements[n % movements.Length];
                var bank = SmallBank.Lead(steps);

                var simulation = bank.Simulate(new()
                {
                    Changed = new Dictionary<Guid, ChangedValues> { [SmallBank.CommandId(changed)] = new(SmallBank.Eur(amount), null) },
                });

                var expected = SmallBank.Lead(Stored(bank, steps).Select(s => s == changed ? s with { Amount = amount } : s));
                AssertSame(expected, simulation, steps, bank);
            }, iter: 250);

    [Fact]
    public void Commands_that_are_changed_to_the_values_that_they_have_make_no_difference() =>
        SmallBank.StepsWithBatches().Sample(steps =>
        {
            var bank = SmallBank.Lead(steps);
            var changed = steps
                .Where(s => bank.IsStored(s) && (s.IsMovement || (s.What == "limit" && bank.CodeOf(s) is null)))
                .ToDictionary(SmallBank.CommandId, s => new ChangedValues(
                    SmallBank.Eur(s.Amount), s is { IsMovement: true, Hours: > 0 } ? SmallBank.TimeOf(s).AddHours(-s.Hours) : null));

            var simulation = bank.Simulate(new() { Changed = changed });

            Assert.Equal(0, simulation.Accounts.Decisions);
            Assert.Empty(simulation.Differences.First);
            Assert.All(simulation.Accounts.Inside, a => Assert.Empty(a.Changes));
            AssertSame(bank, simulation);
        }, iter: 200);

    [Fact]
    public void Another_limit_gives_the_bank_with_that_limit() =>
        Gen.Select(SmallBank.Steps(), Gen.Int[0, 100]).Sample((steps, limit) =>
        {
            var bank = SmallBank.Lead(steps);

            var simulation = bank.Simulate(new() { Limit = SmallBank.Eur(limit) });

            AssertSame(SmallBank.Lead(Stored(bank, steps).Where(s => s.What != "limit"), limit), simulation, steps, bank);
        }, iter: 250);

    [Fact]
    public void An_insertion_gives_the_bank_with_that_command() =>
        Gen.Select(SmallBank.Steps(), Gen.Int[0, 40], Gen.Int[0, 2], Gen.Int[1, 100], Gen.Bool).Sample((
            steps, n, account, amount, isDeposit) =>
        {
            var bank = SmallBank.Lead(steps);
            if (Stored(bank, steps).ToArray() is not { Length: > 0 } stored)
            {
                return;
            }

            var next = stored[n % stored.Length];
            var id = SmallBank.Id(account);
            // Half an hour before a command: between it and the one before.
            var at = SmallBank.TimeOf(next).AddMinutes(-30);
            var command = isDeposit
                ? CommandsOfEvents.Deposit(id, SmallBank.Eur(amount), Contracts.BankSide.Cash, null)
                : CommandsOfEvents.Withdrawal(id, SmallBank.Eur(amount), Contracts.BankSide.Cash, null);

            var simulation = bank.Simulate(new() { Inserted = [new(SmallBank.Id(99), "#/changes/0", command, at, false)] });

            var inserted = new Step(900, isDeposit ? "deposit" : "withdrawal", account, 0, amount, 0, default, default, 0) { At = at };
            AssertSame(
                SmallBank.Lead(stored.SelectMany(s => s == next ? new[] { inserted, s } : [s])), simulation, steps, bank);
        }, iter: 200);

    [Fact]
    public void Hypotheses_on_accounts_that_nothing_connects_add_up() =>
        Gen.Select(SmallBank.Steps("transfer", "correct"), Gen.Int[0, 40], Gen.Int[0, 40]).Sample((steps, m, n) =>
        {
            var (ofFirst, ofSecond) = (steps.Where(s => s.Account == 0).ToArray(), steps.Where(s => s.Account == 1).ToArray());
            if (ofFirst.Length == 0 || ofSecond.Length == 0)
            {
                return;
            }

            var bank = SmallBank.Lead(steps);
            var one = new HashSet<Guid> { SmallBank.CommandId(ofFirst[m % ofFirst.Length]) };
            var other = new HashSet<Guid> { SmallBank.CommandId(ofSecond[n % ofSecond.Length]) };

            var both = bank.Simulate(new() { Omitted = one.Union(other).ToHashSet() });

            Assert.Equal(
                Lines(bank.Simulate(new() { Omitted = one })).Concat(Lines(bank.Simulate(new() { Omitted = other }))).Order(),
                Lines(both).Order());
        }, iter: 200);

    [Fact]
    public void The_timeline_has_the_balances_of_both_histories_at_the_end_of_each_day_on_which_they_differ() =>
        Gen.Select(SmallBank.Steps(), Gen.Int[0, 40]).Sample((steps, n) =>
        {
            var omitted = steps[n % steps.Length];
            var bank = SmallBank.Lead(steps);
            var other = SmallBank.Lead(Stored(bank, steps).Where(s => s != omitted));

            var simulation = bank.Simulate(new() { Omitted = new HashSet<Guid> { SmallBank.CommandId(omitted) } });

            foreach (var account in simulation.Accounts.Inside)
            {
                foreach (var day in SimulationResults.Timeline(account))
                {
                    Assert.Equal(BalanceAt(bank, account.Id, day.Day), day.Real.Value);
                    Assert.Equal(BalanceAt(other, account.Id, day.Day), day.Simulated.Value);
                }
            }
        }, iter: 200);

    [Fact]
    public void Every_kind_of_event_is_a_fact_or_comes_from_a_command() => Assert.All(
        EventNames.All.Keys, type => EventRoles.Of(RuntimeHelpers.GetUninitializedObject(type)));

    [Fact]
    public void The_generator_reaches_every_command_and_outcomes_that_change()
    {
        var (reached, kinds) = (new HashSet<string>(), new HashSet<DifferenceKind>());
        SmallBank.Steps().Sample(
            steps =>
            {
                var bank = SmallBank.Lead(steps);
                var found = bank.Simulate(new() { Limit = SmallBank.Eur(0) }).Differences.Counts.Keys
                    .Concat(bank.Simulate(new() { Limit = SmallBank.Eur(90) }).Differences.Counts.Keys)
                    .Concat(bank.Simulate(new() { Omitted = new HashSet<Guid> { SmallBank.CommandId(steps[0]) } }).Differences.Counts.Keys);
                lock (reached)
                {
                    reached.UnionWith(bank.Events.Select(e => e.Data.GetType().Name));
                    kinds.UnionWith(found);
                }
            }, iter: 200);

        Assert.Superset(
            new HashSet<string>
            {
                nameof(MoneyDeposited), nameof(MoneyWithdrawn), nameof(TransferSent), nameof(MovementReversed), nameof(MovementRebooked),
                nameof(AccountFrozen), nameof(AccountUnfrozen), nameof(OverdraftLimitSet), nameof(AccountClosed),
            },
            reached);
        Assert.Superset(
            new HashSet<DifferenceKind>
            {
                DifferenceKind.Omitted, DifferenceKind.Refused, DifferenceKind.Accepted, DifferenceKind.RefusedOtherwise,
            },
            kinds);
    }

    private static IEnumerable<Step> Stored(SmallBank bank, Step[] steps) => steps.Where(bank.IsStored);

    /// <summary>The simulated accounts are those of the bank.</summary>
    private static void AssertSame(SmallBank expected, Simulation simulation) => Assert.All(
        simulation.Accounts.Inside, a => Assert.Equal(Text(expected.State(Array.IndexOf(SmallBank.Ids, a.Id))), Text(a.Simulated!)));

    /// <summary>The simulated accounts are those of the other bank, and so is each outcome.</summary>
    private static void AssertSame(SmallBank expected, Simulation simulation, Step[] steps, SmallBank real)
    {
        AssertSame(expected, simulation);
        var appeared = simulation.Differences.First.Where(d => d.Kind == DifferenceKind.Refused).Select(d => d.Id[4..]).ToHashSet();
        var vanished = simulation.Differences.First.Where(d => d.Kind == DifferenceKind.Accepted).Select(d => d.Id[4..]).ToHashSet();
        foreach (var step in steps.Where(real.IsStored).Where(s => expected.Has(s) && s.Number < 900))
        {
            var id = SmallBank.CommandId(step).ToString("n");
            var (wasAccepted, isAccepted) = (real.CodeOf(step) is null, expected.CodeOf(step) is null);
            Assert.Equal(wasAccepted && !isAccepted && !IsChanged(simulation, id), appeared.Contains(id));
            Assert.Equal(!wasAccepted && isAccepted, vanished.Contains(id));
        }
    }

    private static bool IsChanged(Simulation simulation, string id) =>
        simulation.Differences.First.Any(d => d.Kind is DifferenceKind.Changed && d.Id[4..] == id);

    private static IEnumerable<string> Lines(Simulation simulation) => simulation.Differences.First.Select(d =>
        $"{d.Kind} {d.Id} {d.Account} {d.Refusal?.Code} {d.Balance} {d.SimulatedBalance}");

    private static string BalanceAt(SmallBank bank, Guid account, DateOnly day)
    {
        var end = new DateTimeOffset(day.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero).AddTicks(-1);
        return Domain.BalanceAt.Fold(
            bank.Events.Where(e => e.StreamId == account), Currency.Parse("EUR"), end, DateTimeOffset.MaxValue).Balance.ToDecimalString();
    }

    private static string Text(Account a) =>
        $"{a.Balance} {a.OverdraftLimit} {a.Status} {a.DebitFrozen} {a.CreditFrozen} {a.OpenedAt:O} {a.Number}";
}
