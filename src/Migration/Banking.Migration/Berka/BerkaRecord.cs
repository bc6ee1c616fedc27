using Banking.SharedKernel;

namespace Banking.Migration.Berka;

/// <summary>What the bank must hold of this source, for those who compare without the source's files.</summary>
public static class BerkaRecord
{
    public const string System = BerkaIds.System;

    /// <summary>The id under which a movement was stored; null where the texts are none of this source.</summary>
    /// <param name="account">The id that its account has at the source, with the number of the copy.</param>
    /// <param name="transaction">The id of its row.</param>
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
