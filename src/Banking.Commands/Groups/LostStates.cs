namespace Banking.Commands.Groups;

/// <summary>Streams whose stored state may be missing, as a comparison with the log found. Lists fold them from the log.</summary>
/// <param name="Sql">A query of the ids of these streams.</param>
public sealed record LostStates(string Sql);
