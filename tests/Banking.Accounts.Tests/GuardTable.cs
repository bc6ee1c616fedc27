using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;

namespace Banking.Accounts.Tests;

/// <summary>One rule of a decision, and the history and the change of the command that break it.</summary>
/// <param name="Facts">All facts of the refusal when no other rule is broken.</param>
internal sealed record Rule<TCommand>(
    string Name,
    string Code,
    int Status,
    IAccountEvent[] History,
    Func<TCommand, TCommand> Command,
    params (string Name, object Value)[] Facts);

/// <summary>The rules of a decision in the order in which they are checked, and the tests of that table.</summary>
internal sealed class GuardTable<TCommand>(
    IAccountEvent[] history, TCommand command, Func<TCommand, Account, Decision> decide, params Rule<TCommand>[] rules)
{
    public TheoryData<string> Names => [.. rules.Select(r => r.Name)];

    public TheoryData<string, string> Pairs => new(
        from first in rules from second in rules where IndexOf(first) < IndexOf(second) select (first.Name, second.Name));

    /// <summary>Asserts that the command is accepted if no rule is broken, and refused with the rule's facts if this one is.</summary>
    public void Refuses(string name)
    {
        var rule = rules.Single(r => r.Name == name);
        Assert.Equal("accepted", Broken().Code);
        Broken(rule).ThenRefused(rule.Code, rule.Status, rule.Facts);
    }

    /// <summary>Asserts that the first of two broken rules answers.</summary>
    public void Precedes(string first, string second)
    {
        var (one, other) = (rules.Single(r => r.Name == first), rules.Single(r => r.Name == second));
        Assert.Equal(one.Code, Broken(one, other).Code);
    }

    private Verdict Broken(params Rule<TCommand>[] broken)
    {
        var asked = broken.Aggregate(command, (c, rule) => rule.Command(c));
        return AccountSpec.Given(history.Concat(broken.SelectMany(r => r.History))).When(account => decide(asked, account));
    }

    private int IndexOf(Rule<TCommand> rule) => Array.IndexOf(rules, rule);
}
