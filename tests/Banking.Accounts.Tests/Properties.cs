using System.Runtime.CompilerServices;
using CsCheck;

namespace Banking.Accounts.Tests;

/// <summary>
/// How often a property is tried: often enough to reach every refusal of every slice many times. Override with CsCheck_Iter.
/// </summary>
internal static class Properties
{
    [ModuleInitializer]
    internal static void TryEachTwoThousandTimes()
    {
        if (Environment.GetEnvironmentVariable("CsCheck_Iter") is null)
        {
            Check.Iter = 2_000;
        }
    }
}
