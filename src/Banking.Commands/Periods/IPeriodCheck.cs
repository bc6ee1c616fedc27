using Npgsql;

namespace Banking.Commands.Periods;

/// <summary>A period that is to be closed.</summary>
/// <param name="From">Its first day, in UTC.</param>
/// <param name="To">The day after its last, in UTC.</param>
/// <param name="LastRecorded">The position up to which events were recorded before its end, or less than a minute after it.</param>
/// <param name="Position">The position of the log as of which it is checked.</param>
public sealed record ClosingPeriod(DateOnly From, DateOnly To, long LastRecorded, long Position)
{
    /// <summary>The first instant after the period.</summary>
    public DateTimeOffset End => new(To, TimeOnly.MinValue, TimeSpan.Zero);
}

/// <summary>A condition for closing a period. Modules register theirs.</summary>
public interface IPeriodCheck
{
    /// <summary>Name of the check, permanent: it is stored with each closed period.</summary>
    string Name { get; }

    /// <summary>Checks the condition. It may wait a while for what is about to be done.</summary>
    Task<PeriodCheckResult> RunAsync(ClosingPeriod period, CancellationToken ct);
}

/// <summary>The result of a check.</summary>
/// <param name="Detail">What was found, in a sentence.</param>
/// <param name="Facts">What the check saw.</param>
public sealed record PeriodCheckResult(bool IsPassed, string Detail, IReadOnlyDictionary<string, string> Facts)
{
    public static PeriodCheckResult Of(bool isPassed, string detail, params (string Name, string Value)[] facts) =>
        new(isPassed, detail, facts.ToDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal));
}

/// <summary>Reads the totals of the general ledger up to the end of a period. The module Ledger implements it.</summary>
public interface IPeriodTotals
{
    /// <summary>Reads the totals of everything that is effective up to a day, by currency.</summary>
    Task<IReadOnlyList<PeriodTotal>> ReadAsync(NpgsqlConnection connection, DateOnly lastDay, CancellationToken ct);

    /// <summary>Reads the position of the log up to which the totals include its events.</summary>
    Task<long> PositionAsync(NpgsqlConnection connection, CancellationToken ct);

    /// <summary>Reads the first day on which anything is effective; null if nothing is.</summary>
    Task<DateOnly?> FirstDayAsync(NpgsqlConnection connection, CancellationToken ct);
}

/// <summary>The totals of one currency up to the end of a period: its trial balance in short.</summary>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Scale">The number of decimals of the amounts.</param>
/// <param name="Debits">The sum of all debits, as a decimal string.</param>
/// <param name="Credits">The sum of all credits.</param>
/// <param name="CustomerDeposits">What the bank owes its customers.</param>
/// <param name="Entries">The number of journal entries.</param>
public sealed record PeriodTotal(string Currency, int Scale, string Debits, string Credits, string CustomerDeposits, long Entries);
