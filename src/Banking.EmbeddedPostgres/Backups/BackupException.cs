namespace Banking.EmbeddedPostgres.Backups;

/// <summary>A backup or a restore is not possible. The message says what to do; nothing that existed before was changed.</summary>
public sealed class BackupException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>A file of a base backup is damaged or missing. An older one may do.</summary>
    internal bool IsBaseDamaged { get; init; }
}
