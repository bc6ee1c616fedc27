using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.SharedKernel;
using Banking.Web.Http;
using Banking.Web.OpenApi;

namespace Banking.Accounts.Views;

/// <summary>An account in an answer.</summary>
/// <param name="Version">The version of its stream; also its ETag. At a past moment, the version of the last event included.</param>
/// <param name="EffectiveAt">The instant by which the events took effect, if a past moment was asked for.</param>
/// <param name="KnownAt">The instant by which they were recorded, if a past moment was asked for.</param>
public sealed record AccountView(
    string Id, string Number, string CustomerId, IReadOnlyList<string> Delegates, string Currency, string Product, AccountStatus Status,
    Amount Balance, Amount Available, Amount OverdraftLimit, FrozenView Frozen, DateTimeOffset OpenedAt, string? ExternalId, long Version,
    DateTimeOffset? EffectiveAt = null, DateTimeOffset? KnownAt = null)
{
    internal static AccountView Of(Account account) => new(
        AccountId.Format(account.Id),
        account.Number.Value,
        PublicId.Format("cus", account.Owner),
        [.. account.Delegates.Select(d => PublicId.Format("cus", d))],
        account.Currency.Code,
        account.Product,
        account.Status,
        Amount.Of(account.Balance),
        Amount.Of(account.Available),
        Amount.Of(account.OverdraftLimit),
        new(account.DebitFrozen, account.CreditFrozen),
        account.OpenedAt,
        account.ExternalId,
        account.Version);
}

/// <summary>Which movements are frozen.</summary>
public sealed record FrozenView(bool Debit, bool Credit);

/// <summary>A deposit or a withdrawal in an answer.</summary>
/// <param name="Balance">The balance right after the movement.</param>
/// <param name="Version">The account's version right after the movement.</param>
/// <param name="PurposeCode">A purpose code of ISO 20022.</param>
/// <param name="EndToEndId">The payer's id of the payment.</param>
/// <param name="Counterparty">The other party, at another bank. The answer to the command leaves it out, because it is kept.</param>
public sealed record MovementView(
    string Id, string Status, string AccountId, string AccountNumber, Direction Direction, Amount Amount, Amount Balance, long Version,
    DateTimeOffset EffectiveAt, DateTimeOffset RecordedAt, string? Reference, string? Reason, string? PurposeCode, string? EndToEndId,
    Counterparty? Counterparty)
{
    internal static MovementView Of(
        string id, IMovement movement, Account after, DateTimeOffset recordedAt, MovementDetails? details, string? reason) =>
        new(
            id,
            "completed",
            Domain.AccountId.Format(after.Id),
            after.Number.Value,
            movement.Direction,
            Banking.Web.Http.Amount.Of(movement.Amount),
            Banking.Web.Http.Amount.Of(after.Balance),
            after.Version,
            movement.EffectiveAt,
            recordedAt,
            details?.Reference,
            reason,
            details?.Purpose?.Code,
            details?.EndToEndId,
            details?.Counterparty?.Opened());
}

/// <summary>A transfer in an answer.</summary>
/// <param name="Balance">The balance of the payer's account right after the transfer; not shown to the payee.</param>
/// <param name="Version">The version of the payer's account right after the transfer; not shown to the payee.</param>
/// <param name="PurposeCode">A purpose code of ISO 20022.</param>
/// <param name="EndToEndId">The payer's id of the payment.</param>
public sealed record TransferView(
    string Id, string Status, string FromAccountId, string ToAccountId, Amount Amount, Amount? Balance, long? Version,
    DateTimeOffset EffectiveAt, DateTimeOffset RecordedAt, string? Reference, string? Reason, string? PurposeCode, string? EndToEndId)
{
    internal static TransferView Of(Guid id, Guid from, TransferSent sent, Account? after, DateTimeOffset recordedAt, string? reason) =>
        new(
            PublicId.Format(MovementId.Transfer, id),
            "completed",
            AccountId.Format(from),
            AccountId.Format(sent.To),
            Banking.Web.Http.Amount.Of(sent.Amount),
            after is null ? null : Banking.Web.Http.Amount.Of(after.Balance),
            after?.Version,
            sent.EffectiveAt,
            recordedAt,
            sent.Details?.Reference,
            reason,
            sent.Details?.Purpose?.Code,
            sent.Details?.EndToEndId);
}

/// <summary>Optional details of a movement.</summary>
/// <param name="Operation">The kind of operation: cash-in, cash-out, transfer-in, transfer-out, card …</param>
/// <param name="Purpose">The purpose: interest, fee, household, pension …</param>
/// <param name="Reference">The customer's own reference.</param>
/// <param name="PurposeCode">A purpose code of ISO 20022.</param>
/// <param name="EndToEndId">The payer's id of the payment.</param>
[SchemaName("MovementDetails")]
public sealed record DetailsView(
    string? Operation, string? Purpose, string? Reference, Counterparty? Counterparty, string? PurposeCode, string? EndToEndId)
{
    internal static DetailsView? Of(MovementDetails? details) => details is null
        ? null
        : new(
            details.Operation, details.Purpose?.Text, details.Reference, details.Counterparty?.Opened(), details.Purpose?.Code,
            details.EndToEndId);
}
