using System.Text;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore;
using Banking.EventStore.Sealing;
using CsCheck;
using Marten;

namespace Banking.Accounts.Tests;

/// <summary>Every event and the account's state survive a round trip through the store's serializer.</summary>
public sealed class EventJsonTests
{
    private static readonly ISerializer Serializer = Configured();

    public static TheoryData<Type> EventTypes => [.. EventNames.All.Keys];

    [Theory]
    [MemberData(nameof(EventTypes))]
    public void Every_event_survives_a_round_trip(Type type)
    {
        Assert.True(EventGenerators.All.TryGetValue(type, out var values), $"{type.Name} needs a generator in {nameof(EventGenerators)}.");
        values.Sample(value =>
        {
            var stored = Serializer.ToJson(value);
            var read = Serializer.FromJson(type, new MemoryStream(Encoding.UTF8.GetBytes(stored)));
            Assert.Equal(value, read);
            Assert.Equal(stored, Serializer.ToJson(read));
        });
    }

    [Fact]
    public void Every_event_type_of_the_module_has_a_stored_name() =>
        Assert.Equal(
            typeof(AccountsModule)
                .Assembly.GetTypes()
                .Where(t => t.IsAssignableTo(typeof(IAccountEvent)) && !t.IsInterface)
                .Select(t => t.Name)
                .Order(),
            EventNames.All.Keys.Select(t => t.Name).Order());

    [Fact]
    public void The_state_of_an_account_survives_a_round_trip() =>
        EventGenerators.Accounts.Sample(account =>
            AccountProperties.Same(
                account, Serializer.FromJson<Account>(new MemoryStream(Encoding.UTF8.GetBytes(Serializer.ToJson(account))))));

    [Fact]
    public void Money_is_stored_in_minor_units_and_never_as_a_fraction() => Assert.Equal(
        """{"limit":{"minor":9007199254740993,"currency":"EUR","scale":2},"effectiveAt":"2026-11-17T15:00:00+00:00"}""",
        Serializer.ToJson(new OverdraftLimitSet(AccountSpec.Eur(9_007_199_254_740_993), AccountSpec.Now)));

    private static ISerializer Configured()
    {
        var options = new StoreOptions();
        options.AddEventStore(TimeProvider.System, new(TextKeys.Of(TextKey.Create()), new([], new())));
        return options.Serializer();
    }
}
