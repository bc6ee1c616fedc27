namespace Banking.Publishing.RabbitMq;

/// <summary>
/// Matches event types with the routing keys of the queues, by the rules of a topic exchange: * is one word, # any number of words.
/// </summary>
internal sealed class RoutingKeys
{
    private readonly string[][] _keys;

    /// <param name="keys">One or more keys for each queue, separated by spaces.</param>
    public RoutingKeys(IEnumerable<string> keys) => _keys = [.. keys.SelectMany(Split).Distinct().Select(k => k.Split('.'))];

    /// <exception cref="FormatException">A queue has no key, or a key whose * or # is only part of a word.</exception>
    public static void Check(IReadOnlyDictionary<string, string> queues, string section)
    {
        foreach (var (queue, keys) in queues)
        {
            if (
                Split(keys).Length == 0
                || Split(keys).SelectMany(k => k.Split('.')).Any(w => w.Length > 1 && w.AsSpan().ContainsAny('*', '#')))
            {
                throw new FormatException(
                    $"{section}:Queues:{queue} is '{keys}'; give routing keys separated by spaces, such as # or banking.account.*.v1. "
                    + "* and # stand for whole words.");
            }
        }
    }

    public bool Match(string type)
    {
        var words = type.Split('.');
        return Array.Exists(_keys, key => Match(key, words));
    }

    private static bool Match(ReadOnlySpan<string> key, ReadOnlySpan<string> words) => key switch
    {
        [] => words.IsEmpty,
        ["#", .. var rest] => Match(rest, words) || (!words.IsEmpty && Match(key, words[1..])),
        [var word, .. var rest] => !words.IsEmpty && (word == "*" || word == words[0]) && Match(rest, words[1..]),
    };

    private static string[] Split(string keys) => keys.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
