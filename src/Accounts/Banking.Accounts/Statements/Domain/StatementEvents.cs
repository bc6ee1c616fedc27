using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Statements.Domain;

/// <summary>A statement of an account was issued. Its content is read again when it is shown; the hash proves it the same.</summary>
/// <param name="Statement">The id of the statement; also the id of this event.</param>
/// <param name="Account">The account.</param>
/// <param name="Number">The number of the statement, from 1 for each account, without gaps.</param>
/// <param name="From">The first day of the period, in UTC.</param>
/// <param name="To">The day after the last day of the period.</param>
/// <param name="Entry">The version of the only entry, for a statement after a transaction; null for a period.</param>
/// <param name="KnownAt">The content is what the bank had recorded by this time.</param>
/// <param name="AccountVersion">The version of the account at that time. It selects the events exactly, whatever the clocks say.</param>
/// <param name="Opening">The balance before the first entry.</param>
/// <param name="Closing">The balance after the last entry.</param>
/// <param name="Entries">The number of entries.</param>
/// <param name="ContentHash">SHA-256 of the content, 64 hexadecimal digits.</param>
/// <param name="Layout">The version of the formats that the statement is rendered in.</param>
/// <param name="Supersedes">The earlier statement of the period, if its content changed since.</param>
/// <param name="AddedHash">SHA-256 of the entries that the earlier statement did not know, for a restatement.</param>
public sealed record StatementIssued(
    Guid Statement, Guid Account, long Number, DateOnly From, DateOnly To, long? Entry, DateTimeOffset KnownAt, long AccountVersion,
    Money Opening, Money Closing, int Entries, string ContentHash, int Layout, Guid? Supersedes,
    string? AddedHash);

/// <summary>The schedule of an account's statements was set. It replaces the one before.</summary>
/// <param name="Account">The account.</param>
/// <param name="Frequency">When statements are issued.</param>
/// <param name="EffectiveAt">From when the schedule holds. The first period is the one that contains this time.</param>
public sealed record StatementScheduleSet(Guid Account, StatementFrequency Frequency, DateTimeOffset EffectiveAt);

/// <summary>
/// The schedule that an imported account had at its source. It holds here from when it was recorded: the source issued what was due before.
/// </summary>
/// <param name="Account">The account.</param>
/// <param name="Frequency">When statements are issued.</param>
/// <param name="Source">The row of the account at its source.</param>
public sealed record StatementScheduleImported(Guid Account, StatementFrequency Frequency, SourceRow Source);

/// <summary>A period of the schedule ended, and had a statement already. No other was issued.</summary>
/// <param name="Account">The account.</param>
/// <param name="From">The first day of the period, in UTC.</param>
/// <param name="To">The day after the last day of the period.</param>
/// <param name="Statement">The statement that the period has.</param>
public sealed record ScheduledStatementSkipped(Guid Account, DateOnly From, DateOnly To, Guid Statement);

/// <summary>A period of the schedule ended, and there can be no statement of it. The next period follows all the same.</summary>
/// <param name="Account">The account.</param>
/// <param name="From">The first day of the period, in UTC.</param>
/// <param name="To">The day after the last day of the period.</param>
/// <param name="Code">The code of the problem, such as statement_too_long.</param>
public sealed record ScheduledStatementFailed(Guid Account, DateOnly From, DateOnly To, string Code);
