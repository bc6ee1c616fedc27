using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using CsCheck;
using JasperFx.Events;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

/// <summary>The effect of an event on balance and limit, which states, balances of the past, timelines and entries share.</summary>
public sealed class FundsChangeTests
{
    public static TheoryData<Type> EventTypes => [.. EventNames.All.Keys];

    [Theory]
    [MemberData(nameof(EventTypes))]
    public void Each_event_changes_the_balance_by_its_signed_amount_and_few_set_the_limit(Type type) =>
        EventGenerators.All[type].Sample(e =>
        {
            var change = FundsChange.Of(e);
            var movement = e as IMovement;
            var expected = movement is null ? (long?)null
                : movement.Direction == Direction.Debit ? -movement.Amount.Minor
                : movement.Amount.Minor;
            Assert.Equal(expected, change.Amount?.Minor);
            Assert.Equal(e is AccountOpened or OverdraftLimitSet, change.OverdraftLimit is not null);
        });

    [Fact]
    public void An_event_that_is_not_of_an_account_throws() =>
        Assert.Throws<InvalidOperationException>(() => FundsChange.Of("something else"));

    [Fact]
    public void A_direction_that_is_neither_credit_nor_debit_throws() =>
        Assert.Throws<InvalidOperationException>(() => ((Direction)2).Signed(1));

    [Fact]
    public void A_past_balance_is_unreadable_if_its_stream_has_an_event_that_is_not_of_an_account()
    {
        IEvent[] events = [new Event<IAccountEvent>(Opened()), new Event<string>("something else")];
        var failure = Assert.Throws<UnreadableEventException>(() =>
            BalanceAt.Fold(events, Eur(0).Currency, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue));
        Assert.Contains("not an event of an account", failure.Message, StringComparison.Ordinal);
    }
}
