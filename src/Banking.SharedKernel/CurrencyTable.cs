using System.Collections.Frozen;

namespace Banking.SharedKernel;

/// <summary>
/// ISO 4217 list one as published on 2026-01-01. It omits the codes beginning with X that no country or monetary union uses as money:
/// metals, bond market units, units of funds (XAD, XDR, XSU, XUA), testing and "no currency".
/// </summary>
internal static class CurrencyTable
{
    private const string NoMinorUnit = """
        BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
        """;

    private const string TwoDigits = """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
        CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
        HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK
        MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD
        RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
        USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
        """;

    private const string ThreeDigits = """
        BHD IQD JOD KWD LYD OMR TND
        """;

    private const string FourDigits = """
        CLF UYW
        """;

    // A code that leaves the list moves here and is never deleted, because stored events still have it. All had two digits.
    private const string Withdrawn = """
        ANG BGN CUC HRK SLL ZWL
        """;

    private static readonly FrozenDictionary<string, (string Code, int Scale)> Active =
        ReadRows((NoMinorUnit, 0), (TwoDigits, 2), (ThreeDigits, 3), (FourDigits, 4));

    private static readonly FrozenDictionary<string, (string Code, int Scale)> ActiveOrWithdrawn =
        ReadRows((NoMinorUnit, 0), (TwoDigits, 2), (ThreeDigits, 3), (FourDigits, 4), (Withdrawn, 2));

    internal static IEnumerable<string> ActiveCodes => Active.Keys;

    internal static IEnumerable<string> WithdrawnCodes => ActiveOrWithdrawn.Keys.Except(Active.Keys);

    internal static bool TryFindActive(string? code, out (string Code, int Scale) row) => TryFind(Active, code, out row);

    internal static bool TryFind(string? code, out (string Code, int Scale) row) => TryFind(ActiveOrWithdrawn, code, out row);

    private static bool TryFind(FrozenDictionary<string, (string Code, int Scale)> table, string? code, out (string Code, int Scale) row)
    {
        row = default;
        return code is not null && table.TryGetValue(code, out row);
    }

    private static FrozenDictionary<string, (string Code, int Scale)> ReadRows(params (string Codes, int Scale)[] lists) =>
        lists
            .SelectMany(list => list.Codes
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                .Select(code => (Code: code, list.Scale)))
            .ToFrozenDictionary(row => row.Code, StringComparer.Ordinal);
}
