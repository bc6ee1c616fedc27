using Banking.Accounts.Statements.Domain;
using Banking.Web.Http;

namespace Banking.Accounts.Statements;

/// <summary>An issued statement without its entries.</summary>
/// <param name="Number">The number of the statement, from 1 for each account.</param>
/// <param name="From">The first day of the period, in UTC.</param>
/// <param name="To">The day after the last day of the period.</param>
/// <param name="KnownAt">The content is what the bank had recorded by this time.</param>
/// <param name="Entries">The number of entries.</param>
/// <param name="ContentHash">SHA-256 of the content.</param>
/// <param name="Supersedes">The earlier statement of the period, if this is a restatement.</param>
public sealed record StatementView(
    string Id, string AccountId, long Number, DateOnly From, DateOnly To, DateTimeOffset KnownAt, Amount Opening, Amount Closing,
    int Entries, string ContentHash, string? Supersedes)
{
    internal static StatementView Of(StatementIssued e) => new(
        StatementId.Format(e.Statement),
        Accounts.Domain.AccountId.Format(e.Account),
        e.Number,
        e.From,
        e.To,
        e.KnownAt,
        Amount.Of(e.Opening),
        Amount.Of(e.Closing),
        e.Entries,
        e.ContentHash,
        e.Supersedes is { } earlier ? StatementId.Format(earlier) : null);
}
