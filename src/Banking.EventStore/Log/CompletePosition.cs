namespace Banking.EventStore.Log;

/// <summary>A source of positions up to which the log is known to be complete, such as the progress of a read model.</summary>
/// <param name="Sql">Query that selects one bigint.</param>
public sealed record CompletePosition(string Sql);
