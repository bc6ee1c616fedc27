using System.Text.Json.Nodes;
using Banking.Accounts.Domain;
using Banking.Accounts.Simulations.Replay;
using Banking.Web.Http;

namespace Banking.Accounts.Simulations.Views;

/// <summary>The answer of a simulation: both histories, and how they differ.</summary>
/// <param name="AsOf">The time of the snapshot; the history ends there.</param>
/// <param name="Totals">Numbers of everything, also of what is not listed.</param>
/// <param name="Balances">The sums of the balances, per currency.</param>
/// <param name="Accounts">The accounts that differ, the first thousand.</param>
/// <param name="Differences">The commands and facts that differ, in the order of the log, the first thousand.</param>
/// <param name="TakenAsGiven">Accounts outside of the simulation that its decisions took as given: they accept everything, and are not
/// followed.</param>
public sealed record SimulationResult(
    DateTimeOffset AsOf, SimulationTotals Totals, IReadOnlyList<SimulatedSum> Balances, IReadOnlyList<SimulatedAccountView> Accounts,
    IReadOnlyList<DifferenceView> Differences, IReadOnlyList<string> TakenAsGiven);

/// <param name="Accounts">The accounts of the simulation.</param>
/// <param name="AccountsThatDiffer">Those that differ at the end, or differed on the way.</param>
/// <param name="Events">The events that were replayed.</param>
/// <param name="RefusedCommands">The refused commands that were replayed.</param>
/// <param name="Decisions">The number of commands that were decided again, or for the first time.</param>
/// <param name="Undecided">Refused commands of accounts that differ whose content is not stored, whose transaction does not exist, or that
/// others of their atomic batch caused to be refused: they stay refused.</param>
/// <param name="RefusalsThatAppear">Accepted commands that would have been refused.</param>
/// <param name="RefusalsThatVanish">Refused commands that would have been accepted.</param>
/// <param name="Omitted">What the hypothesis leaves out.</param>
/// <param name="Changed">What the hypothesis changes.</param>
/// <param name="ChangedRefused">The part of it that is refused.</param>
/// <param name="Inserted">What the hypothesis adds.</param>
/// <param name="InsertedRefused">The part of it that is refused.</param>
/// <param name="RefusedOtherwise">Commands that another rule would have refused.</param>
/// <param name="BookedOtherwise">Corrections that would have booked something else.</param>
public sealed record SimulationTotals(
    int Accounts, int AccountsThatDiffer, long Events, long RefusedCommands, long Decisions, long Undecided, long RefusalsThatAppear,
    long RefusalsThatVanish, long Omitted, long Changed, long ChangedRefused, long Inserted, long InsertedRefused, long RefusedOtherwise,
    long BookedOtherwise);

/// <summary>A value in both histories.</summary>
public sealed record SimulatedSum(string Currency, Amount Real, Amount Simulated);

/// <summary>An account that differs.</summary>
/// <param name="Real">The account at the end of the real history.</param>
/// <param name="Simulated">The account at the end of the simulated history; absent if it does not exist there.</param>
/// <param name="Timeline">The balances at the end of each effective day on which they differ and something took effect, in UTC.</param>
/// <param name="Statements">The issued statements that would read otherwise.</param>
public sealed record SimulatedAccountView(
    string AccountId, SimulatedState Real, IReadOnlyList<SimulatedDay> Timeline, IReadOnlyList<string> Statements,
    SimulatedState? Simulated = null);

/// <summary>The state of an account in one history.</summary>
/// <param name="Events">The number of its events.</param>
public sealed record SimulatedState(
    AccountStatus Status, Amount Balance, Amount Available, Amount OverdraftLimit, bool DebitFrozen, bool CreditFrozen, long Events)
{
    internal static SimulatedState Of(Account account) => new(
        account.Status, Amount.Of(account.Balance), Amount.Of(account.Available), Amount.Of(account.OverdraftLimit), account.DebitFrozen,
        account.CreditFrozen, account.Version);
}

/// <summary>The balances at the end of an effective day.</summary>
public sealed record SimulatedDay(DateOnly Day, Amount Real, Amount Simulated);

/// <summary>A command or fact that is not the same in both histories.</summary>
/// <param name="Id">The transaction (dep_, wdr_, trf_, cor_), event (evt_) or refused command (ref_); of an insertion, the pointer to it in
/// the request.</param>
/// <param name="Type">The stored name of the event or of the command.</param>
/// <param name="OtherAccount">The account on the other side of a transfer.</param>
/// <param name="Amount">The amount in the real history.</param>
/// <param name="SimulatedAmount">The amount in the simulated history, where it is another or the command was not accepted before.</param>
/// <param name="WasRefused">The code with which the command was refused.</param>
/// <param name="Refusal">Why it is refused in the simulated history.</param>
/// <param name="Balance">The real balance afterwards.</param>
/// <param name="SimulatedBalance">The simulated balance afterwards.</param>
public sealed record DifferenceView(
    DifferenceKind Kind, string AccountId, string Id, string Type, DateTimeOffset RecordedAt, DateTimeOffset? EffectiveAt = null,
    string? OtherAccount = null, Amount? Amount = null, Amount? SimulatedAmount = null, string? WasRefused = null,
    SimulatedRefusal? Refusal = null, Amount? Balance = null, Amount? SimulatedBalance = null);

/// <summary>A refusal in the simulated history.</summary>
/// <param name="Facts">The facts that the decision saw.</param>
public sealed record SimulatedRefusal(string Code, string Detail, JsonNode? Facts = null);
