using System.Globalization;

namespace Banking.Benchmarks;

/// <summary>What the user asked for.</summary>
/// <param name="Seconds">How long each scenario is measured, after a warm-up of a third of it.</param>
/// <param name="Json">One JSON object on standard output instead of a table.</param>
/// <param name="Only">The scenarios to run; when empty, all but the alternatives, which are run only when named.</param>
/// <param name="Accounts">How many accounts there are to choose from.</param>
internal sealed record Options(int Seconds, bool Json, IReadOnlyList<string> Only, int Accounts)
{
    public static Options Read(string[] args)
    {
        var seconds = 6;
        var json = false;
        var accounts = 10_000;
        var only = new List<string>();
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
                default:
                    throw new ArgumentException(
                        $"{args[i]} is not known: [--seconds N] [--json] [--only NAME,…] [--accounts N]; only when named: {string.Join(", ", Alternatives.OnlyNamed)}");
            }
        }

        return new(seconds, json, only, accounts);
    }
}
