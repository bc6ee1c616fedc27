using System.Runtime.CompilerServices;
using CsCheck;

namespace Banking.SharedKernel.Tests;

/// <summary>The number of samples per property. The library's default, 100, can miss a scale or a pair of letters.</summary>
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
