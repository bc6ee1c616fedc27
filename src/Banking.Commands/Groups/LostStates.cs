namespace Banking.Commands.Groups;

/// <summary>Streams whose stored state is missing according to a comparison with the log. Lists fold these states from the log.</summary>
/// <param name="Sql">Query that selects the ids of these streams.</param>
public sealed record LostStates(string Sql);
