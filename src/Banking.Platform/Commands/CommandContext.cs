using System.Security.Cryptography;
using System.Text;
using Banking.Platform.Security;

namespace Banking.Platform.Commands;

/// <summary>Everything about a command that is not the command: who, why, through which door, and how to recognise a repeat.</summary>
/// <param name="Operation">What is asked, as its caller named it; part of the scope of the idempotency key.</param>
/// <param name="IdempotencyKey">The caller's key. Where a caller may leave it out, the platform gives one, so that its own retry is safe.</param>
/// <param name="Fingerprint">Hash of the content: the same key with another fingerprint is refused.</param>
/// <param name="IfVersion">The version that the caller demands (If-Match), of the command's first stream.</param>
public sealed record CommandContext(
    Caller Caller,
    string Operation,
    string IdempotencyKey,
    string Fingerprint,
    string CorrelationId,
    string? CausationId,
    string? ReasonCode = null,
    string? ReasonText = null,
    long? IfVersion = null)
{
    public const int LongestKey = 255;

    /// <summary>
    /// Whether a text can be a key, through whichever door: it is hashed, stored and shown. Outer spaces and quotes are no part of a header's
    /// value, so they are none of a key anywhere: it must be the same key in each door.
    /// </summary>
    public static bool IsKey(string? key) => key is { Length: > 0 and <= LongestKey } and not ([' ', ..] or [.., ' '] or ['"', .., '"'])
        && key.All(c => c is >= ' ' and <= '~');

    /// <summary>One key means one thing to one caller in one operation. Lengths are part of the hash, so that no two scopes collide.</summary>
    public Guid ReceiptId => Scope(Caller.Actor, Operation, IdempotencyKey);

    private static Guid Scope(string actor, string operation, string key)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{actor.Length}:{actor}|{operation.Length}:{operation}|{key.Length}:{key}"));

        // Half of it is plenty to tell keys apart, and the index that finds them is the largest that a command writes to.
        return new(hash.AsSpan(0, 16), bigEndian: true);
    }

    /// <summary>What is stored beside each event: who and why.</summary>
    public IReadOnlyDictionary<string, object> Headers()
    {
        var headers = new Dictionary<string, object>
        {
            [HeaderNames.Role] = Caller.Role,
            [HeaderNames.Channel] = Caller.Channel,
            [HeaderNames.Operation] = Operation,
            [HeaderNames.IdempotencyKey] = IdempotencyKey,
        };
        if (ReasonCode is not null)
        {
            headers[HeaderNames.ReasonCode] = ReasonCode;
        }

        if (ReasonText is not null)
        {
            headers[HeaderNames.ReasonText] = ReasonText;
        }

        return headers;
    }
}

/// <summary>Names under which who and why are stored in an event's headers. Stored for ever.</summary>
public static class HeaderNames
{
    public const string Role = "role";
    public const string Channel = "channel";
    public const string Operation = "operation";
    public const string IdempotencyKey = "idempotencyKey";
    public const string ReasonCode = "reasonCode";
    public const string ReasonText = "reasonText";
}
