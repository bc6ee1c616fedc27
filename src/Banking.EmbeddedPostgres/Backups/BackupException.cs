namespace Banking.EmbeddedPostgres.Backups;

/// <summary>A backup or a restore is not possible. The message says what to do; nothing that existed before was changed.</summary>
public sealed class BackupException(string message, Exception? inner = null) : Exception(message, inner);
