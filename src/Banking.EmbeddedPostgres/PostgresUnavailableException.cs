namespace Banking.EmbeddedPostgres;

/// <summary>The private cluster cannot run; the message is written for the person at the terminal.</summary>
public sealed class PostgresUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Who holds the data folder, where that is why.</summary>
    public string? InUseBy { get; init; }

    internal const string ThreeWaysOut = """
        Three ways out:
          1. Install PostgreSQL 15 or newer (https://www.postgresql.org/download/).
          2. Set Banking:Postgres:BinFolder to the folder that holds postgres and initdb.
          3. Set ConnectionStrings:banking to a PostgreSQL server that already runs.
        """;

    internal static PostgresUnavailableException NoBinaries(string reason, Exception? inner = null) =>
        new($"{reason}{Environment.NewLine}{ThreeWaysOut}", inner);
}
