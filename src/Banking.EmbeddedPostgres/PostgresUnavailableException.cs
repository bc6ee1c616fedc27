namespace Banking.EmbeddedPostgres;

/// <summary>The private cluster cannot run. The message tells the operator what to do.</summary>
public sealed class PostgresUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The owner of the folder lock, if another host uses the data folder.</summary>
    public string? InUseBy { get; init; }

    internal const string Remedies = """
        Choose one of three remedies:
          1. Install PostgreSQL 15 or newer (https://www.postgresql.org/download/).
          2. Set Banking:Postgres:BinFolder to the folder with postgres and initdb.
          3. Set ConnectionStrings:banking to a running PostgreSQL server.
        """;

    internal static PostgresUnavailableException NoBinaries(string reason, Exception? inner = null) =>
        new($"{reason}{Environment.NewLine}{Remedies}", inner);
}
