using Banking.Commands.Decisions;
using Banking.Periods.Domain;
using Banking.ReadModels.Comparing;

namespace Banking.Periods.Features;

/// <summary>Makes the answers to commands on accounting periods.</summary>
internal static class PeriodAnswers
{
    /// <summary>Makes them again from the log. A period is reopened by an approval, whose answer is that of the proposal.</summary>
    public static AnswerRule<AccountingPeriods> Rule { get; } = new(command => command.First.Data is PeriodClosed closed
        ? Of(new(closed.From), command.State, closed, command.Now)
        : null);

    /// <param name="periods">The state after the command.</param>
    /// <param name="event">The event that was decided.</param>
    public static CommandAnswer Of(Month month, AccountingPeriods periods, object @event, DateTimeOffset now) => CommandAnswer.Changed(
        PeriodView.Of(month, periods, @event is PeriodClosed closed ? ClosingView.Of(closed) : null, now), periods.Id);
}
