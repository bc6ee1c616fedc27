using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Commands.Decisions;
using Banking.EventStore.Callers;
using Banking.ReadModels.Locating;
using Banking.SharedKernel;
using Banking.Web.Http;
using JasperFx.Events;

namespace Banking.Accounts.Explaining;

/// <summary>Narrows the history of an account to the movements that may have made a balance wrong.</summary>
public sealed class BalanceMistakes(MonthSums months, EffectiveEvents effective, HistoricalBalances balances, EventViews views)
{
    internal async Task<(MistakesView? View, Refusal? Problem)> FindAsync(
        MistakeQuery query, Caller caller, CancellationToken ct)
    {
        var (account, counted) = (query.Balance.Account, query.Balance.Counted);
        var (searched, count) = Newest(query.Balance, await months.ReadAsync(query.Balance, ct));
        if (count > BalanceExplanation.MaxGrouped)
        {
            return (null, Refusal.RuleBroken(
                "too_many_movements", "The last month of the period has more movements than are searched: give a later from.",
                ("movements", count), ("most", BalanceExplanation.MaxGrouped)));
        }

        var balance = (await balances.AtAsync(account, counted.EffectiveAt, counted.Version, ct)).Balance;
        var difference = balance - query.Expected;
        IReadOnlyList<IEvent> movements = difference.Minor == 0 ? [] : [.. (await effective.ReadAsync(
            account, new(searched.Start, 0), searched.End, counted.Version, int.MaxValue, ct)).Events.Where(e => e.Data is IMovement)];
        var byVersion = movements.ToDictionary(e => e.Version);
        var found = MistakeSearch.Find(ToFigures(movements, query.StatedVersion), difference.Minor);
        return (new(
            AccountId.Format(account.Id),
            counted.EffectiveAt == DateTimeOffset.MaxValue ? null : counted.EffectiveAt,
            counted.Version,
            Amount.Of(balance),
            Amount.Of(query.Expected),
            Amount.Of(difference),
            searched.From,
            movements.Count,
            [.. found.Select(c => View(c, byVersion, account.Currency, caller))]), null);
    }

    /// <summary>The newest months that have few enough movements to be searched, and their number of movements.</summary>
    private static (ExplanationQuery Query, long Movements) Newest(ExplanationQuery query, SortedDictionary<DateOnly, GroupSums> months)
    {
        var (from, count) = (query.From, 0L);
        foreach (var (month, sums) in months.Reverse())
        {
            if (count > 0 && count + sums.Movements > BalanceExplanation.MaxGrouped)
            {
                break;
            }

            (from, count) = (query.From > month ? query.From : month, count + sums.Movements);
        }

        return (query with { From = from }, count);
    }

    private static IReadOnlyList<FigureMovement> ToFigures(IReadOnlyList<IEvent> movements, long? statedVersion)
    {
        var corrected = movements.Select(e => e.Data).OfType<ICorrectionEvent>().Select(e => e.Correction.Corrects).ToHashSet();
        return
        [
            .. movements.Select(e => (Event: e, Movement: (IMovement)e.Data)).Select(m => new FigureMovement(
                m.Event.Version, m.Movement.EffectiveAt, m.Movement.SignedAmount.Minor, Counterparty.Of(m.Movement).Key,
                corrected.Contains(TransactionOf(m.Event)), m.Event.Version > statedVersion)),
        ];
    }

    /// <summary>The id by which a correction names the transaction of a booking.</summary>
    private static Guid TransactionOf(IEvent e) => e.Data switch
    {
        TransferReceived m => m.TransferId,
        ICorrectionEvent m => m.Correction.Id,
        _ => e.Id,
    };

    private MistakeView View(MistakeCandidate found, Dictionary<long, IEvent> events, Currency currency, Caller caller) => new(
        found.Rule,
        found.Score,
        MistakeWords.Of(found.Rule),
        found.RightAmount is { } right ? Amount.Of(new MoneySum(right, currency)) : null,
        [.. found.Keys.Select(k => ChangeView.Of(events[k], default, default, views, caller))]);
}
