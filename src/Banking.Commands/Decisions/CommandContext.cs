using System.Security.Cryptography;
using System.Text;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;

namespace Banking.Commands.Decisions;

/// <summary>Everything about a command that is not the command: who, why, through which door, and how to recognise a repeat.</summary>
/// <param name="Operation">What is asked, as its caller named it; part of the scope of the idempotency key.</param>
/// <param name="IdempotencyKey">The caller's key. Where a caller may leave it out, the platform gives one, so that its own retry is
/// safe.</param>
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
    /// Whether a text can be a key, through whichever door: it is hashed, stored and shown. Outer spaces and quotes are no part of a
    /// header's value, so they are none of a key anywhere: it must be the same key in each door.
    /// </summary>
    public static bool IsKey(string? key) => key is { Length: > 0 and <= LongestKey } and not ([' ', ..] or [.., ' '] or ['"', .., '"'])
        && key.All(c => c is >= ' ' and <= '~');

    /// <summary>What was asked, where that can be spelled in more than one way.</summary>
    public CommandContent? Content { get; init; }

    /// <summary>The key as earlier versions of this bank read the same header, where they read another.</summary>
    public string? FormerKey { get; init; }

    /// <summary>The operation as the caller spelled it, where it names an account otherwise than by its id.</summary>
    public string? FormerOperation { get; init; }

    /// <summary>Hash of the content as the caller spelled it, where it names an account otherwise than by its id.</summary>
    public string? FormerFingerprint { get; init; }

    /// <summary>
    /// One key means one thing to one caller in one operation. A caller is the subject of a token and, where there is one, the customer in
    /// it. Lengths are part of the hash, so that no two scopes collide.
    /// </summary>
    public Guid ReceiptId => Scope(Caller.CustomerId, Caller.Actor, Operation, IdempotencyKey);

    /// <summary>
    /// The scopes that this command had in earlier versions of this bank, where they are others: without the customer, under the spelling
    /// of the account in the address, with the key as the header was read then. What was answered under one of them stays answered.
    /// </summary>
    public IReadOnlyList<Guid> FormerReceiptIds => Caller.CustomerId is null && FormerKey is null && FormerOperation is null ? [] :
    [
        .. from operation in Spellings(Operation, FormerOperation)
           from key in Spellings(IdempotencyKey, FormerKey)
           let id = Scope(null, Caller.Actor, operation, key)
           where id != ReceiptId
           select id,
    ];

    /// <summary>Whether a stored answer is to this content.</summary>
    public bool IsAnsweredBy(string fingerprint) => fingerprint == Fingerprint || fingerprint == FormerFingerprint;

    private static IEnumerable<string> Spellings(string one, string? other) => other is null ? [one] : [one, other];

    internal static Guid Scope(Guid? customer, string actor, string operation, string key)
    {
        // Without a customer it is the scope of all earlier versions. With one it begins with a letter, where theirs begin with a digit.
        var of = customer is { } id ? $"customer:{id:N}|" : "";
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{of}{actor.Length}:{actor}|{operation.Length}:{operation}|{key.Length}:{key}"));

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
        if (Caller.CustomerId is { } customer)
        {
            headers[HeaderNames.Customer] = customer.ToString("N");
        }

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
