using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Statements.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Periods;
using Banking.EventStore.Callers;
using Banking.SharedKernel;

namespace Banking.Accounts.Features;

/// <summary>Decides a correction on the accounts as they are now, and shows the result instead of storing it.</summary>
public sealed class CorrectionPreviews(
    StateReader<Account> states, StateReader<AccountStatements> statements, AccountTimelineSource timelines,
    HistoricalBalances balances, CorrectionApprovalRule approvals, TimeProvider clock, IClosedPeriods? periods = null)
{
    /// <summary>
    /// Number of times that the accounts are read. They are read without a lock, because commands must not wait for a dry run.
    /// </summary>
    private const int MaxAttempts = 10;

    internal async Task<(CorrectionPreview? Preview, Refusal? Problem)> OfAsync(
        CorrectTransaction command, CorrectionPlan plan, Caller caller, CancellationToken ct)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var before = await states.FindAsync(plan.Accounts, ct);
            var result = await DecideAsync(command, plan, caller, before, ct);
            var after = await states.FindAsync(plan.Accounts, ct);
            // Whatever was read in between belongs to these versions.
            if (plan.Accounts.All(id => before.GetValueOrDefault(id)?.Version == after.GetValueOrDefault(id)?.Version))
            {
                return result;
            }
        }

        return (null, Refusal.Unavailable(
            "temporarily_unavailable", "An account of the correction changed while it was read. Repeat the request."));
    }

    private async Task<(CorrectionPreview? Preview, Refusal? Problem)> DecideAsync(
        CorrectTransaction command, CorrectionPlan plan, Caller caller, IReadOnlyDictionary<Guid, Account> found, CancellationToken ct)
    {
        if (plan.CheckAccess(command, caller, States<Account>.Of(found.Values)) is { } rejected)
        {
            return (null, rejected.Refusal);
        }

        var accounts = new Dictionary<Guid, Account>();
        var now = clock.GetUtcNow().CutToMicroseconds();
        foreach (var (id, account) in found)
        {
            accounts[id] = account with { Timeline = await timelines.ReadAsync(id, plan.Since, ct) };
            now = account.RecordedAt > now ? account.RecordedAt : now;
        }

        var openFrom = periods is null ? null : await periods.OpenFromAsync(ct);
        var decision = plan.Decide(command, accounts, openFrom, now);
        var reasons = plan.Basis(command, decision, accounts, approvals, now).Reasons;
        return decision switch
        {
            Decision.Accepted accepted => (await ShowAsync(plan, accepted.Events, accounts, now, ct) with
            {
                Approval = reasons.Count == 0 ? null : new(reasons, plan.ProposeBy),
            }, null),
            Decision.Refused refused => (null, refused.Refusal),
            Decision.Rejected no => (null, no.Refusal),
            var other => throw new InvalidOperationException($"{other.GetType().Name} is no decision."),
        };
    }

    private async Task<CorrectionPreview> ShowAsync(
        CorrectionPlan plan, IReadOnlyList<NewEvent> events, Dictionary<Guid, Account> accounts, DateTimeOffset now,
        CancellationToken ct)
    {
        var shown = new List<PreviewedAccount>();
        foreach (var booked in events.GroupBy(e => e.StreamId))
        {
            var (account, bookings) = (accounts[booked.Key], booked.Select(e => (ICorrectionEvent)e.Data).ToList());
            var at = new List<PreviewedBalance>();
            foreach (var instant in bookings.Select(b => b.EffectiveAt).Append(now).Distinct().Order())
            {
                var known = (await balances.AtAsync(account, instant, now, ct)).At.Balance;
                at.Add(PreviewedBalance.Of(instant, known, bookings));
            }

            var changed = await ChangedAsync(account.Id, bookings, ct);
            shown.Add(new(AccountId.Format(account.Id), account.Number.Value, account.Version, at, changed));
        }

        return CorrectionPreview.Of(plan.Corrected, events, now, shown);
    }

    /// <summary>The statements of periods with other entries or another opening balance after the bookings.</summary>
    private async Task<IReadOnlyList<string>> ChangedAsync(Guid account, List<ICorrectionEvent> bookings, CancellationToken ct)
    {
        var issued = await statements.FindAsync(AccountStatements.IdOf(account), ct);
        return [.. (issued?.Periods ?? []).Where(IsChanged).Select(p => StatementId.Format(p.Statement))];

        bool IsChanged(IssuedPeriod period)
        {
            var before = bookings.Where(b => Day(b) < period.From).Aggregate((Int128)0, (sum, b) => sum + b.SignedAmount.Minor);
            return before != 0 || bookings.Any(b => Day(b) >= period.From && Day(b) < period.To);
        }
    }

    private static DateOnly Day(ICorrectionEvent booking) => DateOnly.FromDateTime(booking.EffectiveAt.UtcDateTime);
}
