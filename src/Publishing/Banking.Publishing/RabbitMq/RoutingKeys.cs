using System.Text.RegularExpressions;

namespace Banking.Publishing.RabbitMq;

/// <summary>Which types of event some queue is bound for, by the rules of a topic exchange: * is one word, # any number of them.</summary>
internal sealed class RoutingKeys
{
    private readonly Regex[] _patterns;

    /// <param name="keys">One or more for each queue, separated by spaces.</param>
    public RoutingKeys(IEnumerable<string> keys) =>
        _patterns = [.. keys.SelectMany(k => k.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Distinct().Select(PatternOf)];

    public bool Match(string type) => Array.Exists(_patterns, p => p.IsMatch(type));

    // A # stands for its dot too: "banking.#" is for "banking" as well.
    private static Regex PatternOf(string key) => new("^" + (key == "#" ? ".*" : Regex.Escape(key)
        .Replace(@"\*", @"[^.]+", StringComparison.Ordinal)
        .Replace(@"\.\#", @"(\..*)?", StringComparison.Ordinal)
        .Replace(@"\#\.", @"(.*\.)?", StringComparison.Ordinal)) + "$", RegexOptions.CultureInvariant);
}
