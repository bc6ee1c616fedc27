using Banking.Accounts.Contracts;
using Banking.EventStore.Streams;
using Banking.SharedKernel;

namespace Banking.Accounts.Statements.Domain;

/// <summary>The statements of one account: what the next decision must know of those before it.</summary>
/// <param name="Account">The account.</param>
/// <param name="Schedule">The schedule in force; null if none was ever set.</param>
/// <param name="Issued">The number of statements, which is the number of the last.</param>
/// <param name="Periods">The last statement of each period.</param>
public sealed record AccountStatements(
    Guid Id, long Version, DateTimeOffset RecordedAt, Guid Account, StatementSchedule? Schedule, long Issued,
    IReadOnlyList<IssuedPeriod> Periods) : IEventSourced<AccountStatements>
{
    public static string StreamType => "statements";

    /// <summary>The stream of an account's statements.</summary>
    public static Guid IdOf(Guid account) => DeterministicId.From(account, "statements");

    /// <summary>The last statement of a period; null if there is none.</summary>
    public IssuedPeriod? LastOf(DateOnly from, DateOnly to) => Periods.FirstOrDefault(p => p.Is(from, to));

    public static AccountStatements Fold(AccountStatements? state, Guid id, object @event, DateTimeOffset recordedAt)
    {
        var before = state ?? new(id, 0, recordedAt, Guid.Empty, null, 0, []);
        var next = @event switch
        {
            StatementIssued e when e.Number == before.Issued + 1 => before with
            {
                Account = e.Account,
                Issued = e.Number,
                Periods = e.Entry is null ? [.. before.Periods.Where(p => !p.Is(e.From, e.To)), IssuedPeriod.Of(e)] : before.Periods,
            },
            StatementScheduleSet e => before with
            {
                Account = e.Account,
                Schedule = new(e.Frequency, e.EffectiveAt, before.Version + 1),
            },
            StatementScheduleImported e when state is null => before with
            {
                Account = e.Account,
                Schedule = new(e.Frequency, recordedAt, before.Version + 1),
            },
            ScheduledStatementSkipped or ScheduledStatementFailed when state is not null => before,
            _ => throw new InvalidOperationException($"{@event.GetType().Name} cannot follow statement {before.Issued} in stream {id}."),
        };
        return next with { Version = before.Version + 1, RecordedAt = recordedAt };
    }
}

/// <summary>The schedule of an account's statements.</summary>
/// <param name="Since">When it was set.</param>
/// <param name="Version">The version of the stream at which it was set, which tells it from another schedule.</param>
public sealed record StatementSchedule(StatementFrequency Frequency, DateTimeOffset Since, long Version);

/// <summary>The last statement of a period.</summary>
public sealed record IssuedPeriod(DateOnly From, DateOnly To, Guid Statement, long AccountVersion, string ContentHash)
{
    internal bool Is(DateOnly from, DateOnly to) => From == from && To == to;

    internal static IssuedPeriod Of(StatementIssued e) => new(e.From, e.To, e.Statement, e.AccountVersion, e.ContentHash);
}
