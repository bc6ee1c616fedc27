using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Statements;
using Banking.Accounts.Statements.Domain;
using Banking.Accounts.Statements.Formats;
using Banking.Commands.Decisions;
using Banking.SharedKernel;

namespace Banking.Accounts.Tests.Statements;

/// <summary>The decision on the statement of a period that a schedule asks for.</summary>
public sealed class ScheduledStatementDecisionTests
{
    private static readonly Guid Id = new("019b9408-b280-7000-8000-000000000001");
    private static readonly Guid EventId = new("019b9408-b280-7000-8000-000000000002");
    private static readonly Guid Earlier = new("019b9408-b280-7000-8000-000000000003");
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 0, 0, 10, TimeSpan.Zero);
    private static readonly Money Nothing = Money.Zero(Currency.Parse("EUR"));
    private static readonly IssueScheduledStatement October = new(Id, 1, new(2026, 10, 1), new(2026, 11, 1));

    [Fact]
    public void The_period_is_issued_and_the_next_is_scheduled()
    {
        var accepted = Assert.IsType<Decision.Accepted>(IssueScheduledStatement.Decide(October, Prepared(), null, Scheduled(), EventId));

        Assert.Equal((1, 0), (Assert.IsType<StatementIssued>(Assert.Single(accepted.Events).Data).Number, accepted.Documents.Count));
        Assert.Equal(new DateTimeOffset(2026, 12, 1, 0, 0, 10, TimeSpan.Zero), Assert.Single(accepted.Due).DueAt);
    }

    [Fact]
    public void A_period_that_has_a_statement_is_skipped_and_the_next_is_scheduled()
    {
        var issued = Fold(Scheduled(), new StatementIssued(
            Earlier, Id, 1, October.From, October.To, null, Now, 3, Nothing, Nothing, 0, "another content", 1, null, null));

        var accepted = Assert.IsType<Decision.Accepted>(IssueScheduledStatement.Decide(October, Prepared(), null, issued, EventId));

        Assert.Equal(new ScheduledStatementSkipped(Id, October.From, October.To, Earlier), Assert.Single(accepted.Events).Data);
        Assert.Equal(new(2026, 11, 1), Assert.IsType<IssueScheduledStatement>(Assert.Single(accepted.Due).Command).From);
    }

    [Fact]
    public void A_period_of_which_there_can_be_no_statement_is_recorded_and_the_next_is_scheduled()
    {
        var problem = Refusal.RuleBroken("balance_too_large", "A balance is too large.");

        var accepted = Assert.IsType<Decision.Accepted>(IssueScheduledStatement.Decide(October, null, problem, Scheduled(), EventId));

        Assert.Equal(
            new ScheduledStatementFailed(Id, October.From, October.To, "balance_too_large"), Assert.Single(accepted.Events).Data);
        Assert.Equal(new(2026, 11, 1), Assert.IsType<IssueScheduledStatement>(Assert.Single(accepted.Due).Command).From);
    }

    [Fact]
    public void A_period_before_the_opening_does_not_end_the_series()
    {
        var prepared = Prepared();
        prepared = prepared with { Account = prepared.Account with { OpenedAt = Now.AddDays(1) } };

        var accepted = Assert.IsType<Decision.Accepted>(IssueScheduledStatement.Decide(October, prepared, null, Scheduled(), EventId));

        Assert.Equal(
            new ScheduledStatementFailed(Id, October.From, October.To, "period_before_opening"), Assert.Single(accepted.Events).Data);
        Assert.Single(accepted.Due);
    }

    [Fact]
    public void A_period_that_ended_less_than_ten_seconds_ago_waits_because_clocks_differ()
    {
        var early = Prepared() with { KnownAt = Now.AddMilliseconds(-1) };

        var scheduled = Assert.IsType<Decision.Rejected>(IssueScheduledStatement.Decide(October, early, null, Scheduled(), EventId));

        Assert.Equal("period_not_ended", scheduled.Refusal.Code);
        Assert.IsType<Decision.Rejected>(IssueStatementDecision.Decide(early, null, EventId));
        Assert.IsType<Decision.Accepted>(IssueStatementDecision.Decide(Prepared(), null, EventId));
    }

    [Theory]
    [InlineData(StatementFrequency.None)]
    [InlineData(StatementFrequency.Weekly)]
    public void Another_schedule_ends_the_series(StatementFrequency frequency)
    {
        var changed = Fold(Scheduled(), new StatementScheduleSet(Id, frequency, Now));

        var refused = Assert.IsType<Decision.Refused>(IssueScheduledStatement.Decide(October, Prepared(), null, changed, EventId));

        Assert.Equal("schedule_changed", refused.Refusal.Code);
    }

    [Theory]
    [InlineData(-40, true)]
    [InlineData(-10, false)]
    public void An_account_that_was_closed_before_the_period_ends_the_series(int days, bool ends)
    {
        var prepared = Prepared();
        prepared = prepared with { Account = prepared.Account with { Status = AccountStatus.Closed, RecordedAt = Now.AddDays(days) } };

        var decision = IssueScheduledStatement.Decide(October, prepared, null, Scheduled(), EventId);

        Assert.Equal(ends, decision is Decision.Refused { Refusal.Code: "account_closed" });
    }

    [Fact]
    public void A_statement_that_does_not_know_the_last_one_is_not_issued()
    {
        var issued = Fold(Scheduled(), new StatementIssued(
            Earlier, Id, 1, October.From, October.To, null, Now, 99, Nothing, Nothing, 0, "another content", 1, null, null));

        var rejected = Assert.IsType<Decision.Rejected>(IssueStatementDecision.Decide(Prepared(), issued, EventId));

        Assert.Equal("statement_overtaken", rejected.Refusal.Code);
    }

    private static AccountStatements Scheduled() =>
        Fold(null, new StatementScheduleSet(Id, StatementFrequency.Monthly, Now.AddDays(-20)));

    private static AccountStatements Fold(AccountStatements? before, object @event) =>
        AccountStatements.Fold(before, AccountStatements.IdOf(Id), @event, Now);

    private static PreparedStatement Prepared()
    {
        var content = new StatementContent("acc_1", "XB1", October.From, October.To, Nothing, []);
        var account = new Account(
            Id, 3, Now, AccountNumber.Create("XB", "DEMO000000000001"), Earlier, [], "current", AccountStatus.Open, content.Opening,
            content.Opening, false, false, Now.AddYears(-1), null);
        return new(account, 3, Now, StatementDigest.Of(content));
    }
}
