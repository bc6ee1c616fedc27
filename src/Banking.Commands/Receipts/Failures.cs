using System.Net.Sockets;
using Banking.Commands.Decisions;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using JasperFx;
using Npgsql;

namespace Banking.Commands.Receipts;

/// <summary>What is answered when a command could not be decided at all.</summary>
public static class Failures
{
    /// <summary>How often a command is tried alone.</summary>
    internal const int Attempts = 4;

    private static readonly string[] PassingStates =
    [
        PostgresErrorCodes.DeadlockDetected, PostgresErrorCodes.SerializationFailure, PostgresErrorCodes.LockNotAvailable,
        PostgresErrorCodes.UniqueViolation, PostgresErrorCodes.AdminShutdown, PostgresErrorCodes.CrashShutdown,
        PostgresErrorCodes.CannotConnectNow, PostgresErrorCodes.TooManyConnections,
    ];

    /// <summary>Whether the database is not there: trying again at once, or with the next command, only takes longer to say so.</summary>
    internal static bool IsUnavailable(Exception failure) => IsRefusedByServer(failure) || Chain(failure).Any(e => e switch
    {
        PostgresException postgres => postgres.SqlState is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown,
        _ => e is NpgsqlException or TimeoutException or SocketException,
    });

    /// <summary>
    /// Whether the server has no room for anything (class 53, a full disk above all), or clocks disagree: the same for every command, so
    /// none is tried alone.
    /// </summary>
    internal static bool IsRefusedByServer(Exception failure) =>
        ClockSkew(failure) is not null || Chain(failure).Any(e => e is PostgresException { SqlState: ['5', '3', ..] });

    /// <summary>What the server said, on one line.</summary>
    internal static string ServerSays(Exception failure) => Chain(failure).OfType<PostgresException>().FirstOrDefault() is { } server
        ? $"{server.MessageText} ({server.SqlState})"
        : ClockSkew(failure)?.Message ?? failure.Message;

    /// <summary>How far the clocks are apart, where that is what happened.</summary>
    public static ClockSkewException? ClockSkew(Exception failure) => Chain(failure).OfType<ClockSkewException>().FirstOrDefault();

    /// <summary>What is answered where the database could not be used just now.</summary>
    public static Refusal Unavailable(Exception failure) =>
        ClockSkew(failure) is not null
            ? Problems.Malformed(
                "clock_skew",
                "This host's clock and the database's are too far apart. Nothing was done; repeat with the same key when they agree.",
                status: 503)
            : Problems.Malformed(
                "temporarily_unavailable", "The ledger could not be reached. Nothing was done; repeat with the same key.", status: 503);

    /// <summary>Whether somebody holds on to a stream of the command for longer than anybody should.</summary>
    internal static bool IsLockTimeout(Exception failure) =>
        Chain(failure).Any(e => e is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable });

    /// <summary>
    /// Whether the same command may well succeed when tried again at once: another node was first, or the database was away.
    /// </summary>
    public static bool IsTransient(Exception failure) => IsRefusedByServer(failure) || Chain(failure).Any(e => e switch
    {
        ConcurrencyException or DocumentAlreadyExistsException => true,
        PostgresException postgres => PassingStates.Contains(postgres.SqlState) || postgres.IsTransient,
        NpgsqlException or TimeoutException or IOException or SocketException => true,
        _ => false,
    });

    /// <summary>The type of the document whose id was taken, where that is what happened.</summary>
    internal static Type? DuplicateDocument(Exception failure) =>
        Chain(failure).OfType<DocumentAlreadyExistsException>().FirstOrDefault()?.DocumentType;

    /// <summary>The event that could not be read, where that is what happened.</summary>
    public static UnreadableEventException? UnreadableEvent(Exception failure) =>
        Chain(failure).OfType<UnreadableEventException>().FirstOrDefault();

    /// <summary>
    /// What is answered where an event is needed that cannot be read. Whoever mends the log finds it by these; what is in it is nobody
    /// else's.
    /// </summary>
    public static Refusal Unreadable(UnreadableEventException unreadable)
    {
        ArgumentNullException.ThrowIfNull(unreadable);
        return Refusal.Of(
            "event_unreadable",
            503,
            "An event that this needs cannot be read. Nothing was done; operators must mend the log or the bank first.",
            ("eventId", unreadable.EventId),
            ("position", unreadable.Position));
    }

    internal static Outcome Busy(CommandContext context) => Problem(context, applied: false, Problems.Malformed(
        "overloaded", "Too many commands are waiting. Nothing was done; repeat with the same key.", status: 503));

    /// <summary>
    /// The answer to a command that failed for good. Only a commit whose answer never came leaves a doubt, and the key resolves it.
    /// </summary>
    /// <param name="inDoubt">Whether the answer to a commit of this command once did not come.</param>
    internal static Outcome Answer(Exception failure, CommandContext context, bool inDoubt) =>
        inDoubt
            ? Problem(
                context,
                applied: null,
                Problems.Malformed(
                    "outcome_unknown",
                    "The connection broke while the answer was on its way. Repeat with the same key to learn the outcome.",
                    status: 503))
        : UnreadableEvent(failure) is { } unreadable ? Problem(context, applied: false, Unreadable(unreadable))
        : IsTransient(failure)
            ? Problem(context, applied: false, Unavailable(failure))
            : Problem(context, applied: false, Problems.Malformed(
                "internal_error", "The bank failed to decide this command. Nothing was done.", status: 500));

    private static Outcome Problem(CommandContext context, bool? applied, Refusal refusal)
    {
        var body = Problems.Document(refusal, context.CorrelationId);
        return new(refusal.Status, applied is null ? body.Replace("\"applied\":false", "\"applied\":null", StringComparison.Ordinal) : body,
            Applied: false, Replayed: false)
        { InDoubt = applied is null };
    }

    private static IEnumerable<Exception> Chain(Exception failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            yield return e;
        }
    }
}

/// <summary>The commit was sent and its answer never came: it may or may not stand.</summary>
internal sealed class CommitInDoubtException(Exception cause) : Exception("The outcome of a commit is unknown.", cause);
