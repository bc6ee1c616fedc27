using System.Runtime.CompilerServices;
using CsCheck;

namespace Banking.SharedKernel.Tests;

/// <summary>How often a property is tried. The default of the library, 100, misses one scale or one pair of letters in a run.</summary>
internal static class Properties
{
    [ModuleInitializer]
    internal static void TryEachTenThousandTimes()
    {
        if (Environment.GetEnvironmentVariable("CsCheck_Iter") is null)
        {
            Check.Iter = 10_000;
        }
    }
}
