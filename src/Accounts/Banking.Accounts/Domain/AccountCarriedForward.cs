using Banking.Accounts.Contracts;
using Banking.EventStore.Streams;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

/// <summary>
/// The state of the account was carried forward: its later events are folded from here on. It moves no money and changes nothing.
/// </summary>
/// <param name="Number">The number of the account.</param>
/// <param name="Owner">The customer who owns the account.</param>
/// <param name="Product">The kind of account.</param>
/// <param name="Status">Whether the account was open.</param>
/// <param name="Balance">The balance.</param>
/// <param name="OverdraftLimit">The overdraft limit.</param>
/// <param name="OpenedAt">When the opening took effect.</param>
/// <param name="DebitFrozen">Whether debits were frozen.</param>
/// <param name="CreditFrozen">Whether credits were frozen.</param>
/// <param name="Delegates">Public ids of the other customers who may use the account, separated by spaces.</param>
/// <param name="ExternalId">The account's id at the system that it was imported from.</param>
public sealed record AccountCarriedForward(
    AccountNumber Number, Guid Owner, string Product, AccountStatus Status, Money Balance, Money OverdraftLimit, DateTimeOffset OpenedAt,
    DateTimeOffset EffectiveAt, bool DebitFrozen, bool CreditFrozen, string? Delegates = null, string? ExternalId = null)
    : IAccountEvent, ICarriedState<Account>
{
    private const string CustomerPrefix = "cus";

    public static AccountCarriedForward Of(Account account, DateTimeOffset now)
    {
        return new(
            account.Number, account.Owner, account.Product, account.Status, account.Balance, account.OverdraftLimit, account.OpenedAt, now,
            account.DebitFrozen, account.CreditFrozen,
            account.Delegates.Count == 0 ? null : string.Join(' ', account.Delegates.Select(d => PublicId.Format(CustomerPrefix, d))),
            account.ExternalId);
    }

    /// <summary>The account right after this event.</summary>
    /// <param name="version">The version of the account at this event.</param>
    public Account State(Guid id, long version, DateTimeOffset recordedAt) => new(
        id, version, recordedAt, Number, Owner, [.. Delegates?.Split(' ').Select(ReadId) ?? []], Product, Status, Balance, OverdraftLimit,
        DebitFrozen, CreditFrozen, OpenedAt, ExternalId)
    {
        CarriedAt = version,
    };

    private static Guid ReadId(string text) => PublicId.TryParse(CustomerPrefix, text, out var id)
        ? id
        : throw new InvalidOperationException($"{text} is not the id of a customer.");
}
