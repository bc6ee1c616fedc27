using Banking.Commands.Groups;
using Banking.Host.Database;

namespace Banking.Host.Tests;

/// <summary>How a host shares its database connections among its parts.</summary>
public sealed class ConnectionBudgetTests
{
    [Theory]
    [InlineData(1, 2)]
    [InlineData(4, 4)]
    [InlineData(64, ConnectionBudget.Commands - 2)]
    public void However_many_processors_there_are_another_kind_of_command_gets_a_connection(int processors, int groups) =>
        Assert.Equal(groups, GroupLimits.MaxRunningOn(processors));
}
