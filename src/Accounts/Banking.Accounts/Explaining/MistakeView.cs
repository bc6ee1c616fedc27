using Banking.ReadModels.Locating;
using Banking.Web.Http;

namespace Banking.Accounts.Explaining;

/// <summary>The movements that may have made a balance wrong.</summary>
/// <param name="EffectiveAt">The balance includes what took effect by this instant; absent for a version.</param>
/// <param name="Version">The version of the account up to which its events count.</param>
/// <param name="Balance">The balance.</param>
/// <param name="Expected">What was expected.</param>
/// <param name="Difference">The balance less what was expected.</param>
/// <param name="SearchedFrom">The effective time of the first movement that was searched; absent if none was.</param>
/// <param name="Movements">The number of movements that were searched: the newest by effective time; none if nothing differs.</param>
/// <param name="Summary">Whether a movement explains the difference, as a sentence.</param>
/// <param name="Candidates">The best first; empty if no rule finds any, or nothing differs.</param>
/// <param name="Missing">Where a booking may be that would make the difference, the best first; for staff only.</param>
public sealed record MistakesView(
    string AccountId, DateTimeOffset? EffectiveAt, long Version, Amount Balance, Amount Expected, Amount Difference,
    DateTimeOffset? SearchedFrom, int Movements, string Summary, IReadOnlyList<MistakeView> Candidates,
    IReadOnlyList<MissingView>? Missing)
{
    internal static string Summarize(bool differs, int candidates, int? missing) =>
        !differs ? "The balance is what was expected."
        : candidates > 0 ? "At least one of the movements explains the difference."
        : "No movement that was searched explains the difference. A booking may be missing"
            + (missing is null or 0 ? "." : ", see missing.");
}

/// <summary>Movements that would explain the difference.</summary>
/// <param name="Score">100 is the best. A movement that was corrected already has a lower one.</param>
/// <param name="Why">The rule in words.</param>
/// <param name="RightAmount">
/// By how much the movement would have to change the balance: negative for a debit. Absent if it should not be there.
/// </param>
public sealed record MistakeView(MistakeRule Rule, int Score, string Why, Amount? RightAmount, IReadOnlyList<ChangeView> Events);
