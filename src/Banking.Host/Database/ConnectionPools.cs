using Banking.Commands.Groups;
using Banking.EventStore.Archive;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Host.Database;

/// <summary>The connection pools of a host or command. On the server their application names tell them apart.</summary>
internal static class ConnectionPools
{
    public static IServiceCollection AddConnectionPools(
        this IServiceCollection services, BankConnections connections, ConnectionBudget budget)
    {
        var bank = new NpgsqlConnectionStringBuilder(connections.Host)
        {
            Timezone = "UTC",
            ApplicationName = "banking",
            // JIT compilation takes longer than any query of this bank.
            // The server ends an idle open transaction, because it delays read models and publication.
            Options = "-c jit=off -c idle_in_transaction_session_timeout=60000",
            MaxPoolSize = budget.General,
            // A group uses few, long statements. Prepare them once per connection.
            MaxAutoPrepare = 64,
            AutoPrepareMinUsages = 2,
            // Code that changes a session, or takes a lock in it, undoes that before the connection returns to the pool.
            NoResetOnClose = true,
        }.ConnectionString;
        var stack = new NpgsqlConnectionStringBuilder(bank)
        {
            ApplicationName = "banking-stack",
            MaxPoolSize = ConnectionBudget.Stack,
            NoResetOnClose = false,
        }.ConnectionString;
        return services
            .AddSingleton(connections)
            .AddSingleton(_ => Build(bank))
            .AddKeyedSingleton(StackConnections.Key, (_, _) => Build(stack))
            .AddSingleton(_ => new CommandConnections(bank, ConnectionBudget.Commands, GroupLimits.MaxRunning))
            .AddSingleton(_ => new ReadModelConnections(bank, budget.ReadModels))
            .AddSingleton(_ => new ManifestConnections(bank, ConnectionBudget.Manifest));
    }

    private static NpgsqlDataSource Build(string settings)
    {
        return new NpgsqlDataSourceBuilder(settings).Build();
    }
}
