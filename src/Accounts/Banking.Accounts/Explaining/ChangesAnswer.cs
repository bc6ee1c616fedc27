using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.EventStore.Callers;
using Banking.Web.Http;

namespace Banking.Accounts.Explaining;

/// <summary>Makes the answer to a query for changes.</summary>
internal sealed class ChangesAnswer(
    Account account, ChangeQuery query, MomentReader moments, AccountChanges changes, CancellationToken ct)
{
    public async Task<ChangesView> ReadAsync(ChangeCursor? cursor, Paging paging, EventViews events, Caller caller)
    {
        var limit = paging.Limit;
        var known = cursor?.Known ?? await KnownAsync(query.KnownAt);
        var (opening, closing, found) = query.Axis == TimeAxis.Recorded
            ? await RecordedAsync(cursor, known, limit)
            : await EffectiveAsync(cursor, known, limit);
        return new(
            AccountId.Format(account.Id), query.Axis, query.From, query.To, known, opening.View(), closing.View(),
            [.. found.Take(limit).Select(c => ChangeView.Of(c.Event, c.Before, c.After, events, caller))],
            found.Count > limit ? paging.Encode(CursorAfter(found[limit - 1], known).Format(query.Axis)) : null);
    }

    private async Task<(AccountFacts Opening, AccountFacts Closing, IReadOnlyList<AccountChange> Changes)> RecordedAsync(
        ChangeCursor? cursor, long known, int limit)
    {
        // If no event was recorded before the end, opening and closing are equal.
        var start = query.From is { } from ? Math.Min(await KnownAsync(from.AddTicks(-1)), known) : 0;
        return (
            await changes.AtVersionAsync(account, start, ct),
            await changes.AtVersionAsync(account, known, ct),
            await changes.RecordedAsync(account, cursor?.Version ?? start, known, limit + 1, ct));
    }

    private async Task<(AccountFacts Opening, AccountFacts Closing, IReadOnlyList<AccountChange> Changes)> EffectiveAsync(
        ChangeCursor? cursor, long known, int limit)
    {
        var (from, to) = (query.From ?? ChangeQuery.Earliest, query.To ?? DateTimeOffset.MaxValue);
        return (
            await changes.BeforeAsync(account, from, known, ct),
            await changes.BeforeAsync(account, to, known, ct),
            await changes.EffectiveAsync(account, cursor?.Place ?? new(from, 0), to, known, limit + 1, ct));
    }

    private async Task<long> KnownAsync(DateTimeOffset? instant) =>
        instant is { } at ? await moments.VersionAtAsync(account, at, ct) : account.Version;

    private ChangeCursor CursorAfter(AccountChange last, long known) => query.Axis == TimeAxis.Recorded
        ? new(known, 0, last.Event.Version)
        : new(known, EffectivePlace.Of(last.Event).EffectiveAt.UtcTicks, last.Event.Version);
}
