using System.Runtime.CompilerServices;
using CsCheck;

namespace Banking.Accounts.Tests;

/// <summary>
/// The number of samples per property: enough to reach every refusal of every command many times. Override with CsCheck_Iter.
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
