namespace Banking.Publishing.Tests.Faults;

/// <summary>How much is done, and how often it is disturbed. The long one is a command of its own: BANKING_FAULTS=long.</summary>
/// <param name="Seed">Of all that is random here.</param>
/// <param name="Events">Published events, at least.</param>
/// <param name="Kills">Of the host.</param>
/// <param name="BrokersDown">For how long both brokers are away, in the midst of it.</param>
public sealed record Profile(int Seed, int Events, int Kills, TimeSpan BrokersDown)
{
    public const int Accounts = 200;

    public static Profile Chosen { get; } = Environment.GetEnvironmentVariable("BANKING_FAULTS") == "long"
        ? new(20261128, 100_000, 20, TimeSpan.FromMinutes(1))
        : new(20261128, 6_000, 3, TimeSpan.FromSeconds(4));
}
