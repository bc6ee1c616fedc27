namespace Banking.Periods.Contracts;

/// <summary>Message to other modules: a period was closed. It may be delivered more than once.</summary>
/// <param name="Closing">The id of its event.</param>
/// <param name="From">The first day of the period, in UTC.</param>
/// <param name="ClosedAt">When it was closed.</param>
public sealed record PeriodWasClosed(Guid Closing, DateOnly From, DateTimeOffset ClosedAt);
