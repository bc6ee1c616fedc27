using Banking.Accounts.Contracts;

namespace Banking.Accounts.Domain.Earlier;

/// <summary>Details of a movement as the first versions of its events have them: the purpose is a text, and there is no end-to-end id.
/// </summary>
public sealed record StoredDetailsV1(
    string? Operation = null, string? Purpose = null, string? Reference = null, StoredPartyV1? Counterparty = null)
{
    public static MovementDetails? Upcast(StoredDetailsV1? details) => details is null
        ? null
        : new(
            details.Operation, details.Purpose is { } text ? new(Text: text) : null, details.Reference,
            StoredPartyV1.Upcast(details.Counterparty));

    /// <summary>Whether this version can say what the details say.</summary>
    public static bool CanSay(MovementDetails? details) => details is not ({ Purpose.Code: not null } or { EndToEndId: not null });

    public static StoredDetailsV1? Downcast(MovementDetails? details) => details is null
        ? null
        : new(details.Operation, details.Purpose?.Text, details.Reference, StoredPartyV1.Downcast(details.Counterparty));
}
