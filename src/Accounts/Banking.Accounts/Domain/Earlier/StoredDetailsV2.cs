using Banking.Accounts.Contracts;

namespace Banking.Accounts.Domain.Earlier;

/// <summary>Details of a movement as the second versions of its events have them: the counterparty is not sealed.</summary>
public sealed record StoredDetailsV2(
    string? Operation = null, Purpose? Purpose = null, string? Reference = null, StoredPartyV1? Counterparty = null,
    string? EndToEndId = null)
{
    public static MovementDetails? Upcast(StoredDetailsV2? details) => details is null
        ? null
        : new(
            details.Operation, details.Purpose, details.Reference, StoredPartyV1.Upcast(details.Counterparty), details.EndToEndId);

    public static StoredDetailsV2? Downcast(MovementDetails? details) => details is null
        ? null
        : new(
            details.Operation, details.Purpose, details.Reference, StoredPartyV1.Downcast(details.Counterparty), details.EndToEndId);
}
