using System.Net.Sockets;
using Banking.Commands.Decisions;
using Banking.EventStore.Archive;
using Banking.EventStore.Keys;
using Banking.EventStore.Log;
using Banking.EventStore.Sealing;
using Banking.EventStore.Storage;
using JasperFx;
using Npgsql;

namespace Banking.Commands.Receipts;

/// <summary>Classifies failures and makes the answers to commands that could not be decided.</summary>
public static class Failures
{
    /// <summary>Maximum attempts of a command on its own.</summary>
    internal const int MaxAttempts = 4;

    private static readonly string[] TransientStates =
    [
        PostgresErrorCodes.DeadlockDetected, PostgresErrorCodes.SerializationFailure, PostgresErrorCodes.LockNotAvailable,
        PostgresErrorCodes.UniqueViolation, PostgresErrorCodes.AdminShutdown, PostgresErrorCodes.CrashShutdown,
        PostgresErrorCodes.CannotConnectNow, PostgresErrorCodes.TooManyConnections,
    ];

    /// <summary>Whether the database is unavailable. A retry, or the next command, would only take longer to fail.</summary>
    internal static bool IsUnavailable(Exception failure) => IsRefusedByServer(failure) || Chain(failure).Any(e => e switch
    {
        PostgresException postgres => postgres.SqlState is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown,
        _ => e is NpgsqlException or TimeoutException or SocketException,
    });

    /// <summary>
    /// Whether the server refuses every command: it lacks resources (class 53, above all a full disk), its disk fails (class 58), it takes
    /// no changes (a standby, or a service that protects a full disk), or the clocks differ too much. Commands are not retried then.
    /// </summary>
    internal static bool IsRefusedByServer(Exception failure) =>
        ClockSkew(failure) is not null
        || Chain(failure).Any(e => e is PostgresException
        {
            SqlState: ['5', '3' or '8', ..] or PostgresErrorCodes.ReadOnlySqlTransaction
        });

    /// <summary>The message of the server, on one line.</summary>
    internal static string ServerMessage(Exception failure) => Chain(failure).OfType<PostgresException>().FirstOrDefault() is { } server
        ? $"{server.MessageText} ({server.SqlState})"
        : ClockSkew(failure)?.Message ?? failure.Message;

    /// <summary>The clock skew that caused the failure; null if it has another cause.</summary>
    public static ClockSkewException? ClockSkew(Exception failure) => Chain(failure).OfType<ClockSkewException>().FirstOrDefault();

    /// <summary>The refusal while the database, or the key ring, is unavailable.</summary>
    public static Refusal Unavailable(Exception failure) =>
        ClockSkew(failure) is not null
            ? Refusal.Unavailable(
                "clock_skew",
                "The clocks of this host and the database differ too much. Nothing was done; repeat with the same key once they agree.")
            : Chain(failure).Any(e => e is KeyUnavailableException)
            ? Refusal.Unavailable(
                "key_unavailable",
                "The key that opens personal data cannot be used. Nothing was done; repeat with the same key when an operator has restored "
                    + "the key ring.")
            : Chain(failure).Any(e => e is ArchiveUnavailableException)
            ? Refusal.Unavailable(
                "archive_unavailable",
                "An archived event is needed, and its archive file cannot be read now. Nothing was done; repeat with the same key.")
            : Refusal.Unavailable(
                "temporarily_unavailable", "The event log could not be reached. Nothing was done; repeat with the same key.");

    /// <summary>Whether the wait for the lock of a stream timed out.</summary>
    internal static bool IsLockTimeout(Exception failure) =>
        Chain(failure).Any(e => e is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable });

    /// <summary>Whether a retry may succeed: another host was first, or the database or the key ring was unavailable.</summary>
    public static bool IsTransient(Exception failure) => IsRefusedByServer(failure) || Chain(failure).Any(e => e switch
    {
        ConcurrencyException or DocumentAlreadyExistsException => true,
        PostgresException postgres => TransientStates.Contains(postgres.SqlState) || postgres.IsTransient,
        NpgsqlException or TimeoutException or IOException or SocketException or KeyUnavailableException => true,
        _ => false,
    });

    /// <summary>
    /// Whether a failed commit may have succeeded. A constraint violation or a serialization failure is a definite failure. Any other,
    /// even a shutdown message of the server, may come after the commit was written.
    /// </summary>
    private static bool IsCommitInDoubt(Exception failure) => failure is not PostgresException { SqlState: ['2' or '4', ..] };

    /// <summary>Commits the transaction.</summary>
    /// <exception cref="CommitInDoubtException">The commit may have succeeded.</exception>
    internal static async Task CommitAsync(NpgsqlTransaction transaction, CancellationToken ct)
    {
        try
        {
            await transaction.CommitAsync(ct);
        }
        catch (Exception failure) when (IsCommitInDoubt(failure))
        {
            throw new CommitInDoubtException(failure);
        }
    }

    /// <summary>The type of the document whose id exists already; null if the failure has another cause.</summary>
    internal static Type? DuplicateDocument(Exception failure) =>
        Chain(failure).OfType<DocumentAlreadyExistsException>().FirstOrDefault()?.DocumentType;

    /// <summary>The unreadable event that caused the failure; null if it has another cause.</summary>
    public static UnreadableEventException? UnreadableEvent(Exception failure) =>
        Chain(failure).OfType<UnreadableEventException>().FirstOrDefault();

    /// <summary>
    /// The refusal of a command that needs an unreadable event. It identifies the event for operators, but does not show its content.
    /// </summary>
    public static Refusal Unreadable(UnreadableEventException unreadable)
    {
        if (unreadable.InnerException is ArchiveDeletedException deleted)
        {
            return Refusal.Of(
                RefusalKind.Gone, "archive_deleted",
                "An event needed for this was deleted with its archive file, by a rule for old events.",
                ("eventId", unreadable.EventId),
                ("position", unreadable.ContinueAfter),
                ("deletedAt", deleted.DeletedAt));
        }

        return Refusal.Of(
            RefusalKind.Unreadable, "event_unreadable",
            "An event needed for this cannot be read. Nothing was done; operators must first repair the log or the bank.",
            ("eventId", unreadable.EventId),
            ("position", unreadable.Position));
    }

    /// <summary>The refusal of what needs a sealed text that is damaged; null if the failure has another cause.</summary>
    public static Refusal? DamagedText(Exception failure) => Chain(failure).Any(e => e is DamagedTextException)
        ? Refusal.Of(
            RefusalKind.Unreadable, "event_unreadable",
            "A sealed text needed for this is damaged. Nothing was done; operators must first repair the log: verify names the event.")
        : null;

    /// <summary>
    /// The refusal of a command whose event says something that the versions which this host writes do not know.
    /// </summary>
    internal static Refusal NotStorable { get; } = Refusal.Unavailable(
        "event_version_not_written",
        "A member of this command is of a later version of the bank, which is not written yet because hosts of an earlier one may run. "
            + "Nothing was done; leave the member out, or repeat with the same key when operators have ended the upgrade.");

    internal static Outcome Busy(CommandContext context) => Answer(context, Refusal.Unavailable(
        "overloaded", "Too many commands are waiting. Nothing was done; repeat with the same key."));

    /// <summary>
    /// The answer to a command that failed finally. The outcome is in doubt only after a commit without an answer; repeating the key
    /// resolves it.
    /// </summary>
    /// <param name="inDoubt">Whether a commit of this command once got no answer.</param>
    internal static Outcome Answer(Exception failure, CommandContext context, bool inDoubt) => Answer(
        context,
        inDoubt ? Refusal.Of(
            RefusalKind.InDoubt,
            "outcome_unknown",
            "The connection broke before the database confirmed the commit. Repeat with the same key to learn the outcome.")
        : UnreadableEvent(failure) is { } unreadable ? Unreadable(unreadable)
        : DamagedText(failure) is { } damaged ? damaged
        : IsTransient(failure) ? Unavailable(failure)
        : Refusal.Of(RefusalKind.Failed, "internal_error", "The bank failed to decide this command. Nothing was done."));

    private static Outcome.NotRecorded Answer(CommandContext context, Refusal refusal) => new(refusal, context.CorrelationId);

    private static IEnumerable<Exception> Chain(Exception failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            yield return e;
        }
    }
}

/// <summary>A commit was sent but got no answer: it may have succeeded.</summary>
internal sealed class CommitInDoubtException(Exception cause) : Exception("The outcome of a commit is unknown.", cause);
