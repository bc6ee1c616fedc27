using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Banking.Consumer;

/// <summary>The options of the command line.</summary>
/// <param name="Source">The source of events: feed, kafka or rabbitmq.</param>
/// <param name="UntilIdle">Stop after this time without events. Null: run until Ctrl+C.</param>
public sealed record Options(
    string Source,
    Uri Bank,
    string Token,
    string Bootstrap,
    string Topic,
    string Group,
    Uri Uri,
    string Queue,
    TimeSpan? UntilIdle,
    bool Json)
{
    public const string Usage = """
        Banking.Consumer feed     --token TOKEN [common]
        Banking.Consumer kafka    --token TOKEN [--bootstrap localhost:9092] [--topic banking.events] [--group banking-consumer] [common]
        Banking.Consumer rabbitmq --token TOKEN [--uri amqp://localhost] [--queue banking.events] [common]
          common: [--bank http://localhost:5080] [--until-idle SECONDS] [--json]
        """;

    private static readonly Dictionary<string, string[]> OptionsOf = new()
    {
        ["feed"] = [],
        ["kafka"] = ["--bootstrap", "--topic", "--group"],
        ["rabbitmq"] = ["--uri", "--queue"],
    };

    private static readonly string[] Common = ["--bank", "--token", "--until-idle"];

    /// <exception cref="ArgumentException">The command line is wrong. The message is for the user.</exception>
    public static Options Parse(IReadOnlyList<string> args)
    {
        string[] known = args is [var source, ..] && OptionsOf.TryGetValue(source, out var own)
            ? [.. Common, .. own]
            : Refuse<string[]>("Name a source: feed, kafka or rabbitmq.");
        Dictionary<string, string> given = [];
        var json = false;
        for (var i = 1; i < args.Count; i++)
        {
            if (args[i] == "--json")
            {
                json = true;
            }
            else if (!known.Contains(args[i]))
            {
                Refuse($"{args[0]} has no option {args[i]}.");
            }
            else if (i + 1 == args.Count || args[i + 1].StartsWith("--", StringComparison.Ordinal))
            {
                Refuse($"{args[i]} needs a value.");
            }
            else if (!given.TryAdd(args[i], args[++i]))
            {
                Refuse($"{args[i - 1]} is given twice.");
            }
        }

        return new(
            args[0],
            Address("--bank", "http://localhost:5080", "http", "https"),
            given.GetValueOrDefault("--token") ?? Refuse<string>("--token is required: only authenticated callers can read balances."),
            given.GetValueOrDefault("--bootstrap", "localhost:9092"),
            given.GetValueOrDefault("--topic", "banking.events"),
            given.GetValueOrDefault("--group", "banking-consumer"),
            Address("--uri", "amqp://localhost", "amqp", "amqps"),
            given.GetValueOrDefault("--queue", "banking.events"),
            given.TryGetValue("--until-idle", out var seconds) ? Seconds(seconds) : null,
            json);

        Uri Address(string option, string defaultValue, params string[] schemes) =>
            Uri.TryCreate(given.GetValueOrDefault(option, defaultValue), UriKind.Absolute, out var uri) && schemes.Contains(uri.Scheme)
                ? uri
                : Refuse<Uri>($"{option} must be an address that begins with {schemes[0]}://.");
    }

    private static TimeSpan Seconds(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 86_400
            ? TimeSpan.FromSeconds(seconds)
            : Refuse<TimeSpan>("--until-idle must be a number of seconds, from 1 to 86400.");

    [DoesNotReturn]
    private static void Refuse(string message) => throw new ArgumentException(message);

    [DoesNotReturn]
    private static T Refuse<T>(string message) => throw new ArgumentException(message);
}
