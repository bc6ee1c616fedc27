using Npgsql;

namespace Banking.Commands.Periods;

/// <summary>Reads up to when the books of the bank are closed (ADR 0076). The module Periods implements it.</summary>
public interface IClosedPeriods
{
    /// <summary>Returns the first instant that is open for bookings; null if no period is closed.</summary>
    Task<DateTimeOffset?> OpenFromAsync(CancellationToken ct);

    /// <summary>
    /// Returns the same under a lock that the closing of a period takes too: until the transaction ends, no period is closed. Take it after
    /// all other locks.
    /// </summary>
    Task<DateTimeOffset?> LockAsync(NpgsqlTransaction transaction, CancellationToken ct);
}

/// <summary>The events of a module that book something with an effective time: no later one may be effective in a closed period.</summary>
/// <param name="Types">Their types; each has a member <c>effectiveAt</c>.</param>
public sealed record BookingEvents(IReadOnlyList<Type> Types);
