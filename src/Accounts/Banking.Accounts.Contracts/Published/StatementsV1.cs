using System.ComponentModel.DataAnnotations;

namespace Banking.Accounts.Contracts.Published;

/// <summary>
/// A statement of the account was issued. The event has no version of the account, because it does not belong to its events. Balances and
/// entries are read with the statement's id.
/// </summary>
/// <param name="StatementId">The statement, <c>stm_…</c>.</param>
/// <param name="Sequence">The place of the statement among those of the account, from 1, without gaps.</param>
/// <param name="From">The first day of the period, in UTC.</param>
/// <param name="To">The day after the last day of the period.</param>
/// <param name="KnownAt">The content is what the bank had recorded by this time.</param>
/// <param name="ContentHash">SHA-256 of the content.</param>
/// <param name="Supersedes">The earlier statement of the period, if this is a restatement.</param>
public sealed record StatementIssuedV1(
    [RegularExpression(Shapes.Statement)] string StatementId,
    long Sequence,
    DateOnly From,
    DateOnly To,
    DateTimeOffset KnownAt,
    [RegularExpression(Shapes.Sha256)] string ContentHash,
    [RegularExpression(Shapes.Statement)] string? Supersedes = null);
