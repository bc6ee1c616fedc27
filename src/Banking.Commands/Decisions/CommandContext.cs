using System.Security.Cryptography;
using System.Text;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;

namespace Banking.Commands.Decisions;

/// <summary>Metadata of a command: caller, reason, channel, and the key and hash that recognise a repeat.</summary>
/// <param name="Operation">The operation as the caller named it; part of the scope of the idempotency key.</param>
/// <param name="IdempotencyKey">The caller's key. Where the caller may omit it the platform generates one, so that its own retries are
/// safe.</param>
/// <param name="Fingerprint">Hash of the content: the same key with another fingerprint is refused.</param>
/// <param name="IfVersion">The version that the caller requires (If-Match) of the command's first stream.</param>
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
    public const int MaxKeyLength = 255;

    /// <summary>
    /// Whether a text can be a key; the rule is the same for HTTP and the bus. A key is hashed, stored and displayed. HTTP strips outer
    /// spaces and quotes from a header value, so a key must not have them on any channel.
    /// </summary>
    public static bool IsKey(string? key) => key is { Length: > 0 and <= MaxKeyLength } and not ([' ', ..] or [.., ' '] or ['"', .., '"'])
        && key.All(c => c is >= ' ' and <= '~');

    /// <summary>The content, for commands with values that can be written in more than one way.</summary>
    public CommandContent? Content { get; init; }

    /// <summary>The approval under which the command is carried out; null for a command that was sent directly.</summary>
    public Approval? Approval { get; init; }

    /// <summary>The key as earlier versions of this bank read the same header; null where they read the same.</summary>
    public string? FormerKey { get; init; }

    /// <summary>The operation as the caller wrote it; null unless the caller named a stream otherwise than by its id.</summary>
    public string? FormerOperation { get; init; }

    /// <summary>Hash of the content as the caller wrote it; null unless the caller named a stream otherwise than by its id.</summary>
    public string? FormerFingerprint { get; init; }

    /// <summary>
    /// Id of the receipt: a hash of the scope of the key, which is the caller, the operation and the key. A caller is the subject of a
    /// token and its customer, if it has one. The hash includes the lengths of the parts, so that two scopes cannot have the same input.
    /// </summary>
    public Guid ReceiptId => Scope(Caller.CustomerId, Caller.Actor, Operation, IdempotencyKey);

    /// <summary>
    /// The scopes of this command in earlier versions of this bank, where they differ: without the customer, with the stream as the
    /// caller wrote it in the path, and with the key as the header was read then. A command answered under one of them stays answered.
    /// </summary>
    public IReadOnlyList<Guid> FormerReceiptIds => Caller.CustomerId is null && FormerKey is null && FormerOperation is null ? [] :
    [
        .. from operation in Spellings(Operation, FormerOperation)
           from key in Spellings(IdempotencyKey, FormerKey)
           let id = Scope(null, Caller.Actor, operation, key)
           where id != ReceiptId
           select id,
    ];

    /// <summary>Whether a stored fingerprint is that of this content.</summary>
    public bool IsAnsweredBy(string fingerprint) => fingerprint == Fingerprint || fingerprint == FormerFingerprint;

    private static IEnumerable<string> Spellings(string one, string? other) => other is null ? [one] : [one, other];

    internal static Guid Scope(Guid? customer, string actor, string operation, string key)
    {
        // Without a customer this is the scope of all earlier versions. With one it begins with a letter; the earlier scopes begin with
        // a digit.
        var prefix = customer is { } id ? $"customer:{id:N}|" : "";
        var scope = $"{prefix}{actor.Length}:{actor}|{operation.Length}:{operation}|{key.Length}:{key}";
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(scope));

        // 128 bits are enough to distinguish keys. The index on this id is the largest one that a command writes to.
        return new(hash.AsSpan(0, 16), bigEndian: true);
    }

    /// <summary>The headers of each event: caller, reason and approval.</summary>
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

        if (Approval is { } approval)
        {
            headers[HeaderNames.Proposal] = approval.Proposal;
            headers[HeaderNames.ProposedBy] = approval.ProposedBy;
            headers[HeaderNames.ApprovedBy] = approval.ApprovedBy;
        }

        return headers;
    }
}
