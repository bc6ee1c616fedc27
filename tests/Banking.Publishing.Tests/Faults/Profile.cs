namespace Banking.Publishing.Tests.Faults;

/// <summary>The amount of work and the number of disturbances. BANKING_FAULTS=long selects the long profile.</summary>
/// <param name="Seed">The seed of all random decisions.</param>
/// <param name="Events">The minimum number of published events.</param>
/// <param name="Kills">The number of times the host is killed.</param>
/// <param name="BrokersDown">How long both brokers are down in the middle of the test.</param>
public sealed record Profile(int Seed, int Events, int Kills, TimeSpan BrokersDown)
{
    public const int Accounts = 200;

    public static Profile Chosen { get; } = Environment.GetEnvironmentVariable("BANKING_FAULTS") == "long"
        ? new(20261128, 100_000, 20, TimeSpan.FromMinutes(1))
        : new(20261128, 6_000, 3, TimeSpan.FromSeconds(4));
}
