using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.EventStore.Callers;
using Banking.ReadModels.Locating;
using Banking.SharedKernel;
using Banking.Web.Http;
using JasperFx.Events;

namespace Banking.Accounts.Explaining;

/// <summary>Narrows the history of an account to the movements that may have made a balance wrong.</summary>
public sealed class BalanceMistakes(NewestEvents newest, HistoricalBalances balances, EventViews views, MissingBookings missing)
{
    /// <summary>The newest events, by effective time, are searched.</summary>
    public const int MaxSearched = 10_000;

    internal async Task<MistakesView> FindAsync(MistakeQuery query, Caller caller, CancellationToken ct)
    {
        var (account, counted) = (query.Balance.Account, query.Balance.Counted);
        var balance = (await balances.AtAsync(account, counted.EffectiveAt, counted.Version, ct)).Balance;
        var difference = balance - query.Expected;
        IReadOnlyList<IEvent> movements = difference.Minor == 0 ? [] : [.. (await newest.ReadAsync(
            account, query.Balance.Start, query.Balance.End, counted.Version, MaxSearched, ct)).Where(e => e.Data is IMovement)];
        var byVersion = movements.ToDictionary(e => e.Version);
        var found = MistakeSearch.Find(
            ToFigures(movements, query.StatedVersion), difference.Minor,
            query.StatedVersion is { } stated && stated < counted.Version
                && (await balances.AtAsync(account, counted.EffectiveAt, stated, ct)).Balance.Minor == query.Expected.Minor);
        var absent = caller.IsStaff ? await missing.FindAsync(query, -difference.Minor, movements, ct) : null;
        return new(
            AccountId.Format(account.Id),
            counted.EffectiveAt == DateTimeOffset.MaxValue ? null : counted.EffectiveAt,
            counted.Version,
            Amount.Of(balance),
            Amount.Of(query.Expected),
            Amount.Of(difference),
            movements.Count == 0 ? null : movements[0].AccountEvent().EffectiveAt,
            movements.Count,
            MistakesView.Summarize(difference.Minor != 0, found.Count, absent?.Count),
            [.. found.Select(c => View(c, byVersion, account.Currency, caller))],
            absent);
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
