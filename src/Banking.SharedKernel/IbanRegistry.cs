using System.Collections.Frozen;

namespace Banking.SharedKernel;

/// <summary>
/// The structure of each country's domestic number (BBAN), from SWIFT's IBAN registry for ISO 13616. A structure is a sequence of runs:
/// <c>n</c> digits, <c>a</c> upper-case letters or <c>c</c> either, each with its length.
/// </summary>
internal static class IbanRegistry
{
    /// <summary>The country and two check digits.</summary>
    private const int PrefixLength = 4;

    private const string Structures = """
        ADn8c12 AEn19 ALn8c16 ATn16 AZa4c20 BAn16 BEn12 BGa4n6c8 BHa4c14 BIn23 BRn23a1c1 BYc4n4c16 CHn5c12 CRn18 CYn8c16 CZn20
        DEn18 DJn23 DKn14 DOc4n20 EEn16 EGn25 ESn20 FIn14 FKa2n12 FOn14 FRn10c11n2 GBa4n14 GEa2n16 GIa4c15 GLn14 GRn7c16
        GTc24 HNa4n20 HRn17 HUn24 IEa4n14 ILn19 IQa4n15 ISn22 ITa1n10c12 JOa4n4c18 KWa4c22 KZn3c13 LBn4c20 LCa4c24 LIn5c12
        LTn16 LUn3c13 LVa4c13 LYn21 MCn10c11n2 MDc20 MEn18 MKn3c10n2 MNn16 MRn23 MTa4n5c18 MUa4n19a3 NIa4n20 NLa4n10 NOn11
        OMn3c16 PKa4c16 PLn24 PSa4c21 PTn21 QAa4c21 ROa4c16 RSn18 RUn14c15 SAn2c18 SCa4n20a3 SDn14 SEn20 SIn15 SKn20
        SMa1n10c12 SOn19 STn21 SVa4n20 TLn19 TNn20 TRn6c16 UAn6c19 VAn18 VGa4n16 XKn16 YEa4n4c18
        """;

    private static readonly FrozenDictionary<string, (char Kind, int Length)[]> ByCountry = Structures
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .ToFrozenDictionary(row => row[..2], row => ParseRuns(row[2..]), StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, (char Kind, int Length)[]>.AlternateLookup<ReadOnlySpan<char>> BySpan =
        ByCountry.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Each country with the length of its numbers, including country and check digits.</summary>
    public static IEnumerable<KeyValuePair<string, int>> All => ByCountry.Select(row => KeyValuePair.Create(row.Key, Length(row.Value)));

    public static int? LengthOf(ReadOnlySpan<char> country) => BySpan.TryGetValue(country, out var runs) ? Length(runs) : null;

    /// <summary>The runs of a country's domestic number, for tests that generate numbers.</summary>
    public static IReadOnlyList<(char Kind, int Length)> StructureOf(string country) => ByCountry[country];

    /// <summary>
    /// Checks that a number of the right length has its letters and digits in the country's places. Codes left to users have no structure.
    /// </summary>
    public static bool HasStructure(ReadOnlySpan<char> number)
    {
        if (!BySpan.TryGetValue(number[..2], out var runs))
        {
            return true;
        }

        var rest = number[PrefixLength..];
        foreach (var (kind, length) in runs)
        {
            var run = rest[..length];
            if ((kind == 'n' && run.ContainsAnyExceptInRange('0', '9')) || (kind == 'a' && run.ContainsAnyExceptInRange('A', 'Z')))
            {
                return false;
            }

            rest = rest[length..];
        }

        return true;
    }

    private static int Length((char Kind, int Length)[] runs) => PrefixLength + runs.Sum(r => r.Length);

    private static (char Kind, int Length)[] ParseRuns(string row)
    {
        var runs = new List<(char Kind, int Length)>();
        foreach (var c in row)
        {
            if (char.IsAsciiLetterLower(c))
            {
                runs.Add((c, 0));
            }
            else
            {
                runs[^1] = (runs[^1].Kind, (runs[^1].Length * 10) + (c - '0'));
            }
        }

        return [.. runs];
    }
}
