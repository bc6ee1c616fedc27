using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>One account in both histories, folded by the fold of the bank.</summary>
internal sealed class SimulatedAccount(Guid id)
{
    private readonly SimulatedPast _past = new();

    public Guid Id => id;

    public Account? Real { get; private set; }

    public Account? Simulated { get; private set; }

    /// <summary>Whether its commands are decided again: something has happened otherwise, or may.</summary>
    public bool Differs { get; private set; }

    /// <summary>The movements that only one of the histories has.</summary>
    public List<MovementChange> Changes { get; } = [];

    /// <summary>Whether the limit of the hypothesis is in force.</summary>
    public bool HasLimit { get; set; }

    /// <summary>An event of both histories.</summary>
    public void AddToBoth(object data, DateTimeOffset recordedAt)
    {
        var at = Latest(recordedAt);
        Real = Account.Fold(Real, id, data, recordedAt);
        Simulated = Differs ? Account.Fold(Simulated, id, data, at) : Real;
        _past.Add(data, at);
    }

    /// <summary>Has commands decided again, although nothing has happened otherwise yet.</summary>
    public void DecideAgain() => Differs = true;

    /// <summary>An event that did not happen in the simulated history.</summary>
    public void AddToReal(object data, DateTimeOffset recordedAt)
    {
        Differs = true;
        Real = Account.Fold(Real, id, data, recordedAt);
        AddChange(data, -1, recordedAt);
    }

    /// <summary>An event that happened in the simulated history only.</summary>
    public void AddToSimulated(object data, DateTimeOffset recordedAt)
    {
        var at = Latest(recordedAt);
        Differs = true;
        Simulated = Account.Fold(Simulated, id, data, at);
        _past.Add(data, at);
        AddChange(data, 1, recordedAt);
    }

    /// <summary>The state for a decision, with the timeline that it needs.</summary>
    public Account? ForDecision(DateTimeOffset? timelineFrom) => Simulated is { } state && timelineFrom is { } since
        ? state with { Timeline = _past.Timeline(since, state.Currency) }
        : Simulated;

    /// <summary>The change of the balance by effective day, in the simulated history.</summary>
    public SortedDictionary<DateOnly, Int128> Days() => _past.Days();

    /// <summary>Recorded time never goes back on a stream.</summary>
    private DateTimeOffset Latest(DateTimeOffset at) => Simulated is { } state && state.RecordedAt > at ? state.RecordedAt : at;

    private void AddChange(object data, int sign, DateTimeOffset recordedAt)
    {
        if (data is IMovement movement)
        {
            var day = DateOnly.FromDateTime(movement.EffectiveAt.UtcDateTime);
            Changes.Add(new(day, sign * movement.SignedAmount.Minor, Real?.Version ?? 0, sign < 0, recordedAt));
        }
    }
}

/// <summary>A movement that only one of the histories has.</summary>
/// <param name="Day">Its effective day, in UTC.</param>
/// <param name="Amount">The simulated balance minus the real one, in minor units.</param>
/// <param name="Version">The version of the real account: of the movement itself, or of the last event before it.</param>
/// <param name="IsReal">Whether the real history has it.</param>
/// <param name="RecordedAt">When it is recorded, in the history that has it.</param>
internal readonly record struct MovementChange(DateOnly Day, long Amount, long Version, bool IsReal, DateTimeOffset RecordedAt);
