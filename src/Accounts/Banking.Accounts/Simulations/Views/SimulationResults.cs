using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.Accounts.Simulations.Replay;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Accounts.Simulations.Views;

/// <summary>Makes the answer of a replay.</summary>
internal static class SimulationResults
{
    /// <summary>The number of days that a timeline lists at most; the last ones.</summary>
    private const int MaxDays = 400;

    /// <summary>The accounts that differ, in the order of their ids.</summary>
    public static IReadOnlyList<SimulatedAccount> Differing(Simulation simulation)
    {
        var mentioned = simulation.Differences.Accounts;
        return [.. simulation.Accounts.Inside.Where(a => mentioned.Contains(a.Id) || Differs(a)).OrderBy(a => a.Id)];
    }

    /// <param name="listed">The accounts that the answer lists.</param>
    /// <param name="statements">The statements of an account that would read otherwise.</param>
    public static SimulationResult Of(
        Simulation simulation, DateTimeOffset asOf, long events, long refusals, int differing, IReadOnlyList<SimulatedAccount> listed,
        ILookup<Guid, string> statements)
    {
        var (found, all) = (simulation.Differences, simulation.Accounts);
        long Count(DifferenceKind kind) => found.Counts.GetValueOrDefault(kind);
        return new(
            asOf,
            new(
                all.Inside.Count, differing, events, refusals, all.Decisions, simulation.Undecided, Count(DifferenceKind.Refused),
                Count(DifferenceKind.Accepted), Count(DifferenceKind.Omitted), Count(DifferenceKind.Changed),
                found.ChangedRefused, Count(DifferenceKind.Inserted), found.InsertedRefused, Count(DifferenceKind.RefusedOtherwise),
                Count(DifferenceKind.BookedOtherwise)),
            [.. Sums(all.Inside)],
            [.. listed.Where(a => a.Real is not null).Select(a => View(a, [.. statements[a.Id]]))],
            [.. found.First.Select(d => View(d, all))],
            [.. all.Outside]);
    }

    private static bool Differs(SimulatedAccount a) =>
        a.Changes.Count > 0
        || (a.Differs && !Equals(Essence(a.Real), Essence(a.Simulated)));

    /// <summary>The state without its version, and with the lists that records do not compare left out: no command changes them.</summary>
    private static Account? Essence(Account? account) =>
        account is null ? null : account with { Version = 0, RecordedAt = default, Delegates = [], Timeline = null };

    private static IEnumerable<SimulatedSum> Sums(IReadOnlyCollection<SimulatedAccount> accounts) =>
        from a in accounts
        where a.Real is not null
        group a by a.Real!.Currency into same
        orderby same.Key.Code
        let zero = MoneySum.Zero(same.Key)
        select new SimulatedSum(
            same.Key.Code,
            Amount.Of(same.Aggregate(zero, (sum, a) => sum + a.Real!.Balance)),
            Amount.Of(same.Aggregate(zero, (sum, a) => a.Simulated is { } s ? sum + s.Balance : sum)));

    private static SimulatedAccountView View(SimulatedAccount a, IReadOnlyList<string> statements) => new(
        AccountId.Format(a.Id), SimulatedState.Of(a.Real!), Timeline(a), statements,
        a.Simulated is null ? null : SimulatedState.Of(a.Simulated));

    /// <summary>Both balances by effective day. The real one is the simulated one without what only one of the histories has.</summary>
    public static IReadOnlyList<SimulatedDay> Timeline(SimulatedAccount account)
    {
        var simulated = account.Days();
        var difference = account.Changes.GroupBy(c => c.Day)
            .ToDictionary(g => g.Key, g => g.Aggregate((Int128)0, (sum, c) => sum + c.Amount));
        var currency = account.Real!.Currency;
        var (real, balance) = (MoneySum.Zero(currency), MoneySum.Zero(currency));
        var days = new List<SimulatedDay>();
        foreach (var day in simulated.Keys.Union(difference.Keys).Order())
        {
            var change = simulated.GetValueOrDefault(day);
            balance += new MoneySum(change, currency);
            real += new MoneySum(change - difference.GetValueOrDefault(day), currency);
            if (real != balance)
            {
                days.Add(new(day, Amount.Of(real), Amount.Of(balance)));
            }
        }

        return days.Count <= MaxDays ? days : days[^MaxDays..];
    }

    private static DifferenceView View(Difference d, SimulatedAccounts accounts) => new(
        d.Kind, AccountId.Format(d.Account), d.Id, d.Type, d.RecordedAt, d.EffectiveAt,
        d.Other is { } other ? accounts.Name(other) : null, View(d.Amount), View(d.SimulatedAmount), d.RealCode,
        d.Refusal is { } r ? new(r.Code, r.Detail, JsonSerializer.SerializeToNode(r.Facts, ApiJson.Options)) : null, View(d.Balance),
        View(d.SimulatedBalance));

    private static Amount? View(Money? money) => money is { } known ? Amount.Of(known) : null;
}
