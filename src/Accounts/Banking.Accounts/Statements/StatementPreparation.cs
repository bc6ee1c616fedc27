using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Statements.Domain;
using Banking.Accounts.Statements.Formats;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.SharedKernel;

namespace Banking.Accounts.Statements;

/// <summary>
/// What was read for a statement before it is decided. It does not have the entries, because many statements may be due at once.
/// </summary>
/// <param name="Version">The version up to which the account's events are known.</param>
/// <param name="KnownAt">The time by which they were recorded.</param>
/// <param name="Entry">The version of the only entry, for a statement after a transaction.</param>
/// <param name="Supersedes">The statement that the period had when it was read.</param>
/// <param name="AddedHash">The hash of the entries that this one did not know; null if nothing changed.</param>
internal sealed record PreparedStatement(
    Account Account, long Version, DateTimeOffset KnownAt, StatementDigest Content, long? Entry = null, Guid? Supersedes = null,
    string? AddedHash = null);

/// <summary>What an issued statement says of its content.</summary>
/// <param name="Entries">The number of entries.</param>
internal sealed record StatementDigest(DateOnly From, DateOnly To, Money Opening, Money Closing, int Entries, string Hash)
{
    internal static StatementDigest Of(StatementContent content) => new(
        content.From, content.To, content.Opening, content.Closing, content.Entries.Count, ContentHash.Of(content));
}

/// <summary>Reads what the decision on a statement needs.</summary>
public sealed class StatementPreparation(AccountReader accounts, StatementReader reader, StateReader<AccountStatements> states)
{
    /// <summary>The statement of a period, or the reason why there can be none.</summary>
    internal async Task<(PreparedStatement? Statement, Refusal? Problem)> OfPeriodAsync(
        Guid id, DateOnly from, DateOnly to, CancellationToken ct)
    {
        // Read before the account, so that the earlier statement knows no more than the new one.
        var last = (await states.FindAsync(AccountStatements.IdOf(id), ct))?.LastOf(from, to);
        if (await accounts.FindKnownAsync(id, ct) is not var (account, knownAt))
        {
            return (null, Visibility.NotFound(AccountId.Format(id)));
        }

        var (content, problem) = await reader.DigestAsync(account, from, to, ct);
        if (content is null)
        {
            return (null, problem);
        }

        var prepared = new PreparedStatement(account, account.Version, knownAt, content, Supersedes: last?.Statement);
        if (last is null || last.ContentHash == content.Hash)
        {
            return (prepared, null);
        }

        (var added, problem) = await reader.AddedHashAsync(account, last.AccountVersion, to, ct);
        return added is null ? (null, problem) : (prepared with { AddedHash = added }, null);
    }

    /// <summary>The statement of one movement; null if its event cannot be read or is no movement.</summary>
    internal async Task<PreparedStatement?> OfEntryAsync(Account account, long version, DateTimeOffset recordedAt, CancellationToken ct) =>
        await reader.ReadEntryAsync(account, version, ct) is { } content
            ? new(account, version, recordedAt, StatementDigest.Of(content), version)
            : null;
}
