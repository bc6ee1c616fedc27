using Microsoft.Extensions.Configuration;

namespace Banking.Accounts.Simulations.Reading;

/// <summary>Limits of simulations (Banking:Simulations).</summary>
public sealed record SimulationSettings
{
    internal const string Section = "Banking:Simulations";

    /// <summary>Accounts of one simulation.</summary>
    public int MaxAccounts { get; init; } = 10_000;

    /// <summary>Events and refused commands of one simulation: some hundred megabytes at most.</summary>
    public int MaxEvents { get; init; } = 1_000_000;

    /// <summary>Seconds of one simulation; it then stops and says how far it came.</summary>
    public double MaxSeconds { get; init; } = 60;

    /// <summary>Simulations of one host at the same time. Each takes a processor and a connection.</summary>
    public int MaxRunning { get; init; } = 1;

    /// <exception cref="FormatException">A setting is not above 0.</exception>
    internal static SimulationSettings Of(IConfiguration configuration)
    {
        var settings = configuration.GetSection(Section).Get<SimulationSettings>() ?? new();
        return settings is { MaxAccounts: > 0, MaxEvents: > 0, MaxSeconds: > 0, MaxRunning: > 0 }
            ? settings
            : throw new FormatException($"{Section}: MaxAccounts, MaxEvents, MaxSeconds and MaxRunning must be above 0.");
    }
}
