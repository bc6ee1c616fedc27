using Banking.SharedKernel;

namespace Banking.Migration.Berka;

/// <summary>Derives the expected ids of imported events, for a comparison without the source files.</summary>
public static class BerkaRecord
{
    public const string System = BerkaIds.System;

    /// <summary>Derives the id of a stored movement. Null if the texts are not ids of this source.</summary>
    /// <param name="account">The external id of the account, with the number of the copy.</param>
    /// <param name="transaction">The id of the movement's row.</param>
    /// <param name="isRounding">True for the id of the row's correction.</param>
    public static Guid? Movement(string account, string transaction, bool isRounding)
    {
        var parts = account.Split('-');
        var copy = 0L;
        if (
            parts.Length > 2
            || (parts.Length == 2 && !Exact.TryNumber(parts[1], out copy))
            || copy > int.MaxValue
            || !Exact.TryNumber(transaction, out var row))
        {
            return null;
        }

        var ids = new BerkaIds((int)copy);
        return isRounding ? ids.Rounding(row) : ids.Movement(row);
    }
}
