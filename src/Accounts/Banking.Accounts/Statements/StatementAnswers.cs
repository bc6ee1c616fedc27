using Banking.Accounts.Statements.Domain;
using Banking.Commands.Decisions;
using Banking.ReadModels.Comparing;

namespace Banking.Accounts.Statements;

/// <summary>Makes the answers to commands on the statements of an account.</summary>
internal static class StatementAnswers
{
    /// <summary>Makes them again from the log.</summary>
    public static AnswerRule<AccountStatements> Rule { get; } = new(command => Of(command.State, command.First.Data));

    /// <param name="statements">The state after the command.</param>
    /// <param name="event">The event that was decided.</param>
    public static CommandAnswer Of(AccountStatements statements, object @event) => @event is StatementIssued issued
        ? CommandAnswer.Created(StatementView.Of(issued), statements.Id, $"/v1/statements/{StatementId.Format(issued.Statement)}")
        : CommandAnswer.Changed(StatementScheduleView.Of(statements.Account, statements.Schedule), statements.Id);
}
