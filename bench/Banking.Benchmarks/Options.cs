using System.Globalization;

namespace Banking.Benchmarks;

/// <summary>The options of the command line.</summary>
/// <param name="Seconds">The duration of each measurement, after a warm-up of half of it.</param>
/// <param name="Json">Print one JSON object to standard output instead of a table.</param>
/// <param name="Only">The scenarios to run. Empty: all except those that run only when named.</param>
/// <param name="Accounts">The number of accounts.</param>
/// <param name="Callers">The numbers of callers to run. Empty: all.</param>
/// <param name="Berka">The folder with the real bank's history, the source of a million events to rebuild. Null skips the rebuild.</param>
/// <param name="Movements">The number of movements of the large account.</param>
/// <param name="Events">The numbers of imported events of the banks that "growth" compares.</param>
/// <param name="Profile">Report for each row how its time was spent.</param>
/// <param name="Set">Server settings that add to or override those of the suite.</param>
/// <param name="Trial">Run only to see that the scenarios work: short rows, few accounts, no prepared log.</param>
internal sealed record Options(
    int Seconds,
    bool Json,
    IReadOnlyList<string> Only,
    int Accounts,
    IReadOnlyList<int> Callers,
    string? Berka,
    int Movements,
    IReadOnlyList<int> Events,
    bool Profile,
    IReadOnlyDictionary<string, string> Set,
    bool Trial)
{
    private const string Usage =
        "[--seconds N] [--json] [--only NAME,…] [--accounts N] [--callers N,…] [--berka FOLDER] [--movements N] [--events N,…] "
        + "[--profile] [--set NAME=VALUE] [--trial]";

    private static readonly Options Default =
        new(6, false, [], 10_000, [], null, 1_000_000, [10_000, 1_000_000, 10_000_000], false, new Dictionary<string, string>(), false);

    /// <summary>Long enough for tiered compilation: in its first seconds a host has two thirds of its later throughput.</summary>
    public TimeSpan WarmUp => TimeSpan.FromSeconds(Trial ? 1 : Math.Max(4, Seconds / 2));

    public bool Includes(string scenario) => Only.Count == 0 || Only.Contains(scenario);

    /// <summary>Selects the requested numbers of callers from those of a scenario.</summary>
    public IEnumerable<int> SelectCallers(params int[] callers) => callers.Where(c => Callers.Count == 0 || Callers.Contains(c));

    public static Options Read(string[] args)
    {
        var options = Default;
        for (var i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--json" => options with { Json = true },
                "--trial" => options with { Trial = true, Seconds = 1, Accounts = 20, Movements = 100, Events = [100, 200] },
                "--profile" => options with { Profile = true },
                "--seconds" => options with { Seconds = Number(args[++i]) },
                "--accounts" => options with { Accounts = Number(args[++i]) },
                "--movements" => options with { Movements = Number(args[++i]) },
                "--events" => options with { Events = [.. args[++i].Split(',').Select(Number)] },
                "--only" => options with { Only = [.. options.Only, .. args[++i].Split(',').SelectMany(Rows)] },
                "--callers" => options with { Callers = [.. options.Callers, .. args[++i].Split(',').Select(Number)] },
                "--berka" => options with { Berka = args[++i] },
                "--set" when args[++i].Split('=', 2) is [var name, var value] =>
                    options with { Set = new Dictionary<string, string>(options.Set) { [name] = value } },
                _ => throw new ArgumentException(
                    $"{args[i]} is unknown: {Usage}; only when named: "
                        + string.Join(", ", [.. Alternatives.OnlyNamed, OverTime.Name, IdleReaders.Name, Archive.Name, Growth.Name])),
            };
        }

        return options;
    }

    /// <summary>The rows of a name: "time" is all that reads the past.</summary>
    private static IEnumerable<string> Rows(string name) =>
        name == "time" ? [.. LargeAccount.Names, .. Statements.Names, ScheduledStatements.Name] : [name];

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
