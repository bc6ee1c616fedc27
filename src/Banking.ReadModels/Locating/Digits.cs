using System.Globalization;

namespace Banking.ReadModels.Locating;

/// <summary>Errors of typing that change the digits of an amount.</summary>
internal static class Digits
{
    private const int MaxShift = 3;

    /// <summary>Whether exchanging two adjacent digits makes one amount the other.</summary>
    public static bool AreExchanged(Int128 booked, Int128 right)
    {
        if (!HaveSameSign(booked, right) || booked == right)
        {
            return false;
        }

        var (one, other) = (Text(booked), Text(right));
        var length = Math.Max(one.Length, other.Length);
        (one, other) = (one.PadLeft(length, '0'), other.PadLeft(length, '0'));
        var differing = Enumerable.Range(0, length).Where(i => one[i] != other[i]).ToList();
        return differing is [var first, var second] && second == first + 1 && one[first] == other[second] && one[second] == other[first];
    }

    /// <summary>Whether one amount is the other with one to three zeros more.</summary>
    public static bool AreShifted(Int128 booked, Int128 right)
    {
        if (!HaveSameSign(booked, right))
        {
            return false;
        }

        Int128 factor = 1;
        for (var i = 0; i < MaxShift; i++)
        {
            factor *= 10;
            if (booked == right * factor || right == booked * factor)
            {
                return true;
            }
        }

        return false;
    }

    private static bool HaveSameSign(Int128 booked, Int128 right) => Int128.Sign(booked) == Int128.Sign(right) && booked != 0;

    private static string Text(Int128 amount) => Int128.Abs(amount).ToString(CultureInfo.InvariantCulture);
}
