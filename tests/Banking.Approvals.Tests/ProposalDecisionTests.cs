using Banking.Approvals.Domain;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;

namespace Banking.Approvals.Tests;

/// <summary>The pure decision of an approval: which rule answers first, and what a basis that changed means.</summary>
public sealed class ProposalDecisionTests
{
    private const string Hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    private static readonly DateTimeOffset Now = new(2026, 11, 17, 15, 0, 0, TimeSpan.Zero);
    private static readonly Guid Id = new("01930000-0000-7000-8000-00000000000a");
    private static readonly Guid EventId = new("01930000-0000-7000-8000-00000000000e");
    private static readonly CommandBasis Seen = Basis("open", 70);

    private static readonly CommandProposed Proposed = new(
        "test.v1", "{}", Hash, "code", "text", Seen.ToJson(), "ada", Now.AddHours(1), Now.AddHours(-1));

    private static readonly Decision Accepted = new Decision.Accepted(new NewEvent(EventId, EventId, "booked"));
    private static readonly Decision Refused = new Decision.Refused(Refusal.RuleBroken("no_funds", "No.", ("version", 3L)));

    [Fact]
    public void The_first_broken_rule_answers()
    {
        var expired = Now.AddHours(1);
        var ended = Proposal.Fold(Open, Id, new ProposalWithdrawn(Now), Now);

        Assert.Equal("proposal_ended", Code(Approve(ended, "ada", "other", expired)));
        Assert.Equal("proposal_expired", Code(Approve(Open, "ada", "other", expired)));
        Assert.Equal("own_proposal", Code(Approve(Open, "ada", "other", Now)));
        Assert.Equal("other_command", Code(Approve(Open, "bob", "other", Now, Basis("closed", 71))));
        // The stored text was changed, the stored hash was not.
        Assert.Equal("other_command", Code(Approve(Open with { Command = "{ }" }, "bob", Hash, Now)));
    }

    [Fact]
    public void A_fact_that_changed_or_a_limit_that_grew_makes_it_void_whatever_the_command_would_answer()
    {
        Assert.Equal(new ProposalVoided("bob", "status", Now), End(Approve(Open, "bob", Hash, Now, Basis("closed", 70), Refused)));
        Assert.Equal(new ProposalVoided("bob", "shortfall", Now), End(Approve(Open, "bob", Hash, Now, Basis("open", 71))));
        Assert.Equal(
            new ProposalVoided("bob", "further status", Now),
            End(Approve(Open, "bob", Hash, Now, new([], new Dictionary<string, string> { ["further"] = "x" }, Seen.Limits))));
    }

    [Fact]
    public void Otherwise_the_command_is_booked_with_the_end_of_its_proposal_or_refused_with_it()
    {
        var booked = Assert.IsType<Decision.Accepted>(Approve(Open, "bob", Hash, Now, Basis("open", 69)));
        Assert.Equal(["booked"], booked.Events.Select(e => e.Data));
        Assert.Equal(new NewEvent(Id, EventId, new ProposalExecuted("bob", "/there", Now)), Assert.Single(booked.Joined));

        var refused = Assert.IsType<Decision.Accepted>(Approve(Open, "bob", Hash, Now, Seen, Refused));
        Assert.Empty(refused.Events);
        Assert.Equal(new ProposedCommandRefused("bob", "no_funds", "No.", """{"version":3}""", Now), Assert.Single(refused.Joined).Data);
    }

    [Fact]
    public void A_command_that_would_be_refused_is_not_proposed() =>
        Assert.Equal(Refused, ProposalDecisions.Propose(Id, Proposed, () => Refused));

    [Fact]
    public void A_proposal_expires_at_its_time_and_not_before_and_only_if_it_is_open()
    {
        Assert.IsType<Decision.Rejected>(ProposalDecisions.Expire(Open, EventId, Now));
        var expired = Assert.IsType<Decision.Accepted>(ProposalDecisions.Expire(Open, EventId, Now.AddHours(1)));
        Assert.Equal(new ProposalExpired(Now.AddHours(1)), Assert.Single(expired.Events).Data);
        var ended = Proposal.Fold(Open, Id, new ProposalRejected("bob", Now), Now);
        Assert.Equal("proposal_ended", Code(ProposalDecisions.Expire(ended, EventId, Now.AddHours(1))));
    }

    private static Proposal Open => Proposal.Fold(null, Id, Proposed, Now.AddHours(-1));

    private static CommandBasis Basis(string status, long shortfall) => new(
        ["amount"], new Dictionary<string, string> { ["status"] = status }, new Dictionary<string, long> { ["shortfall"] = shortfall });

    private static Decision Approve(
        Proposal proposal, string approver, string hash, DateTimeOffset now, CommandBasis? basis = null, Decision? command = null) =>
        ProposalDecisions.Approve(proposal, approver, hash, basis ?? Seen, () => command ?? Accepted, _ => "/there", EventId, now);

    private static object End(Decision decision) => Assert.Single(Assert.IsType<Decision.Accepted>(decision).Joined).Data;

    private static string Code(Decision decision) => Assert.IsType<Decision.Refused>(decision).Refusal.Code;
}
