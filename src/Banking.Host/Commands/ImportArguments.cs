using System.Globalization;

namespace Banking.Host.Commands;

/// <summary>What an import was asked for.</summary>
/// <param name="Settings">All that is not of the import itself: settings of the host.</param>
internal sealed record ImportArguments(string Folder, int Copies, bool Json, bool Fresh, string[] Settings)
{
    private const int MostCopies = 1_000;

    private const string CopiesOption = "--copies";

    public static (ImportArguments? Arguments, string? Problem) Read(string[] args)
    {
        var copies = 1;
        var left = args.Where(a => a is not ("--json" or "--fresh")).SelectMany(Split).ToList();
        var at = left.IndexOf(CopiesOption);
        if (at >= 0)
        {
            if (!TryCopies(left.ElementAtOrDefault(at + 1), out copies))
            {
                return (null, $"--copies N: how many banks of that history to import, 1 to {MostCopies}. Nothing was imported.");
            }

            left.RemoveRange(at, 2);
        }

        if (left.Contains(CopiesOption))
        {
            // It would be taken for a setting, and a number that was asked for would pass unheard.
            return (null, "--copies N: only once. Nothing was imported.");
        }

        return left is [var folder, .. var settings] && !folder.StartsWith('-')
            ? (new(folder, copies, args.Contains("--json"), args.Contains("--fresh"), [.. settings]), null)
            : (null, "import berka FOLDER [--copies N] [--json]: name the folder with the five files.");
    }

    private static string[] Split(string arg) =>
        arg.StartsWith(CopiesOption + "=", StringComparison.Ordinal) ? [CopiesOption, arg[(CopiesOption.Length + 1)..]] : [arg];

    private static bool TryCopies(string? text, out int copies) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out copies) && copies is >= 1 and <= MostCopies;
}
