using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.EventStore.Callers;
using Banking.Web.Commands;

namespace Banking.Accounts.Features;

/// <summary>What is known of a correction before its accounts are locked.</summary>
/// <param name="Named">The accounts that the command names.</param>
/// <param name="Accounts">All accounts of the correction; a refusal is listed under the first.</param>
/// <param name="Since">The start of the timelines that the decision needs.</param>
/// <param name="NewIds">Ids for the bookings.</param>
/// <param name="TimeLimit">How far back the correction may move the transaction.</param>
internal sealed record CorrectionPlan(
    BookedTransaction Corrected, ReferencedAccounts Named, RightAccounts Right, IReadOnlyList<Guid> Accounts, DateTimeOffset Since,
    IReadOnlyList<Guid> NewIds, CorrectionTimeLimit TimeLimit)
{
    public static CorrectionPlan Of(
        CorrectTransaction command, BookedTransaction corrected, ReferencedAccounts named, IReadOnlyList<Guid> newIds,
        CorrectionTimeLimit timeLimit, DateTimeOffset now)
    {
        var right = new RightAccounts(
            named.Find(nameof(command.Account)), named.Find(nameof(command.From)), named.Find(nameof(command.To)));
        var before = corrected.Booking.EffectiveAt;
        // A time before the limit is refused without a timeline: do not read years of events for it.
        var next = command.EffectiveAt is { } at && at >= timeLimit.ReadFrom(now) ? at : before;
        return new(
            corrected,
            named,
            right,
            [.. corrected.Booking.Sides.Select(s => s.Account).Concat(named.Ids).Distinct()],
            command.Effective == CorrectionTime.Now ? AccountTimeline.NoMovements
                : next < before ? next
                : before,
            newIds,
            timeLimit);
    }

    public Decision.Rejected? CheckAccess(CorrectTransaction command, Caller caller, States<Account> states) =>
        Named.CheckAccess(caller, states)
        // An account of the transaction is missing only if its stream was archived.
        ?? (Accounts.All(id => states.Find(id) is not null) ? null
            : new Decision.Rejected(TransactionReader.NotFound(command.Transaction)));

    /// <param name="openFrom">The first instant that is open for bookings; null if no period is closed.</param>
    public Decision Decide(
        CorrectTransaction command, IReadOnlyDictionary<Guid, Account> accounts, DateTimeOffset? openFrom, DateTimeOffset now) =>
        CorrectionDecision.Decide(
            command, Corrected, Right, accounts, NewIds, TimeLimit with { Rule = TimeLimit.Rule with { OpenFrom = openFrom } }, now);

    /// <summary>What an approval relies on, and whether the correction needs one.</summary>
    public CommandBasis Basis(
        CorrectTransaction command, Decision decision, IReadOnlyDictionary<Guid, Account> accounts, CorrectionApprovalRule rule,
        DateTimeOffset now) => CorrectionApproval.Of(
            Corrected, TimeLimit.Original, accounts, decision is Decision.Accepted accepted ? accepted.Events : [],
            command.AllowOverdrawn == true, rule, now);

    /// <summary>How to propose the correction.</summary>
    public string ProposeBy => $"POST /v1/transactions/{Corrected.PublicId}/corrections?{CommandRequest.ProposeParameter}=true";

    /// <summary>The path of the correction that the events book.</summary>
    public static string Address(IReadOnlyList<NewEvent> events)
    {
        var link = ((ICorrectionEvent)events[0].Data).Correction;
        return $"/v1/transactions/{TransactionId.Format(link.Of, link.Transaction, link.Id)}";
    }
}
