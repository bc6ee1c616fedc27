using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Statements.Formats;

/// <summary>A statement as it is rendered. Every format is a pure function of it.</summary>
/// <param name="Id">The public id.</param>
/// <param name="Number">The number of the statement in its account.</param>
/// <param name="IssuedAt">When the bank recorded the statement.</param>
/// <param name="KnownAt">The content is what the bank had recorded by this time.</param>
/// <param name="ContentHash">The hash of the content.</param>
/// <param name="Restates">What the statement restates; null for the first of its period.</param>
public sealed record Statement(
    string Id, long Number, DateTimeOffset IssuedAt, DateTimeOffset KnownAt, StatementContent Content, string ContentHash,
    Restatement? Restates);

/// <summary>What the hash of a statement covers.</summary>
/// <param name="AccountId">The public id of the account.</param>
/// <param name="AccountNumber">The number of the account.</param>
/// <param name="From">The first day of the period, in UTC.</param>
/// <param name="To">The day after the last day of the period.</param>
/// <param name="Opening">The balance before the first entry.</param>
/// <param name="Entries">In the order of their effective times, each with the balance after it.</param>
public sealed record StatementContent(
    string AccountId, string AccountNumber, DateOnly From, DateOnly To, Money Opening, IReadOnlyList<StatementEntry> Entries)
{
    public Currency Currency => Opening.Currency;

    /// <summary>The balance after the last entry.</summary>
    public Money Closing => Entries is [.., var last] ? last.Balance!.Value : Opening;

    /// <summary>The last day of the period.</summary>
    public DateOnly LastDay => To.AddDays(-1);
}

/// <summary>An entry of a statement.</summary>
/// <param name="Id">The public id of the movement.</param>
/// <param name="Type">The kind of entry: deposit, transfer-sent …</param>
/// <param name="Amount">Never negative; the direction gives the sign.</param>
/// <param name="Balance">The balance after the entry; null in the list of what a restatement adds.</param>
/// <param name="Version">The version of its event in the account.</param>
/// <param name="OtherAccount">The number of the other account of a transfer.</param>
/// <param name="Corrects">The transaction that a correction corrects.</param>
public sealed record StatementEntry(
    string Id, string Type, Direction Direction, Money Amount, Money? Balance, long Version, DateTimeOffset EffectiveAt,
    DateTimeOffset RecordedAt, MovementDetails? Details, string? OtherAccount, string? CorrectionClass, string? Corrects)
{
    /// <summary>The day on which the entry took effect, in UTC.</summary>
    public DateOnly EffectiveDay => DateOnly.FromDateTime(EffectiveAt.UtcDateTime);

    /// <summary>The change of the balance: the amount, negative for a debit.</summary>
    public Money SignedAmount => new(Direction.Signed(Amount.Minor), Amount.Currency);
}

/// <summary>What a restatement changes.</summary>
/// <param name="Supersedes">The public id of the earlier statement of the period.</param>
/// <param name="Added">The entries that the earlier statement did not know. One before the period changes the opening balance.</param>
public sealed record Restatement(string Supersedes, IReadOnlyList<StatementEntry> Added);
