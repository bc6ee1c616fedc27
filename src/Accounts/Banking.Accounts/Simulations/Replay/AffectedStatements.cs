using Banking.Accounts.Statements.Domain;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>Which issued statements would read otherwise.</summary>
internal static class AffectedStatements
{
    /// <summary>A statement shows its account as known at a version and time: what is recorded later does not count.</summary>
    public static bool IsAffected(StatementIssued issued, IReadOnlyList<MovementChange> changes)
    {
        var known = changes.Where(c => c.IsReal ? c.Version <= issued.AccountVersion : c.RecordedAt <= issued.KnownAt).ToList();
        return issued.Entry is { } entry
            // The statement of one movement has the balances before and after it, in the order of booking.
            ? known.Any(c => c.IsReal && c.Version == entry) || Sum(known.Where(c => c.Version < entry)) != 0
            : known.Any(c => c.Day >= issued.From && c.Day < issued.To) || Sum(known.Where(c => c.Day < issued.From)) != 0;
    }

    private static Int128 Sum(IEnumerable<MovementChange> changes) => changes.Aggregate((Int128)0, (sum, c) => sum + c.Amount);
}
