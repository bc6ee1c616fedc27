using System.Globalization;

namespace Banking.Benchmarks;

/// <summary>What the user asked for.</summary>
/// <param name="Seconds">How long each scenario is measured, after a warm-up of half of it.</param>
/// <param name="Json">One JSON object on standard output instead of a table.</param>
/// <param name="Only">The scenarios to run; when empty, all but the alternatives, which are run only when named.</param>
/// <param name="Accounts">How many accounts there are to choose from.</param>
/// <param name="Berka">The folder with the real bank's history, of which the rebuild's bank of a million events is made; without it that is
/// left out.</param>
/// <param name="Movements">How many movements the account has whose balance is asked for.</param>
/// <param name="Profile">Tell for each row where its time went.</param>
/// <param name="Set">Settings of the server beside, or instead of, those that it is measured with.</param>
/// <param name="Callers">Of the scenarios with several numbers of callers, those to run; all when empty.</param>
internal sealed record Options(int Seconds, bool Json, IReadOnlyList<string> Only, int Accounts, IReadOnlyList<int> Callers,
    string? Berka, int Movements, bool Profile, IReadOnlyDictionary<string, string> Set)
{
    /// <summary>Long enough for the code to be compiled for good: a host a few seconds old makes two thirds of what it will.</summary>
    public TimeSpan WarmUp => TimeSpan.FromSeconds(Math.Max(4, Seconds / 2));

    /// <summary>Of these numbers of callers, those that are wanted.</summary>
    public IEnumerable<int> CallersOf(params int[] callers) => callers.Where(c => Callers.Count == 0 || Callers.Contains(c));

    public static Options Read(string[] args)
    {
        var seconds = 6;
        var json = false;
        var accounts = 10_000;
        var only = new List<string>();
        var callers = new List<int>();
        string? berka = null;
        var movements = 1_000_000;
        var profile = false;
        var set = new Dictionary<string, string>();
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--json":
                    json = true;
                    break;
                case "--seconds":
                    seconds = int.Parse(args[++i], CultureInfo.InvariantCulture);
                    break;
                case "--accounts":
                    accounts = int.Parse(args[++i], CultureInfo.InvariantCulture);
                    break;
                case "--only":
                    only.AddRange(args[++i].Split(','));
                    break;
                case "--callers":
                    callers.AddRange(args[++i].Split(',').Select(c => int.Parse(c, CultureInfo.InvariantCulture)));
                    break;
                case "--berka":
                    berka = args[++i];
                    break;
                case "--movements":
                    movements = int.Parse(args[++i], CultureInfo.InvariantCulture);
                    break;
                case "--profile":
                    profile = true;
                    break;
                case "--set" when args[++i].Split('=', 2) is [var name, var value]:
                    set[name] = value;
                    break;
                default:
                    throw new ArgumentException(
                        $"{args[i]} is not known: [--seconds N] [--json] [--only NAME,…] [--accounts N] [--callers N,…] [--berka FOLDER] [--movements N] [--profile] [--set NAME=VALUE]; only when named: {string.Join(", ", [.. Alternatives.OnlyNamed, OverTime.Name])}"
                    );
            }
        }

        return new(seconds, json, only, accounts, callers, berka, movements, profile, set);
    }
}
