using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Banking.Incoming.Settings;

/// <summary>
/// Settings of a RabbitMQ queue from which the bank takes commands (Banking:Incoming:RabbitMq:NAME). The queue has either the identity of
/// the only service that may send to it, or each message carries a token.
/// </summary>
public sealed partial record QueueSettings
{
    private const string TokensRequired = "required";

    private const int MaxParallel = 256;

    /// <summary>How the actors of queues with an identity begin.</summary>
    internal const string ActorPrefix = "service:";

    /// <summary>The address: amqp://user:password@host:port/virtual-host, or amqps.</summary>
    public string Uri { get; init; } = "";

    /// <summary>The queue. Its operator creates it and binds it to exchanges.</summary>
    public string Queue { get; init; } = "";

    /// <summary>The name of the service that sends to this queue. Events name it as service:NAME.</summary>
    public string? Identity { get; init; }

    /// <summary>required: each message carries a token of role service, and events name its subject.</summary>
    public string? Tokens { get; init; }

    /// <summary>The names of the commands that may be sent, separated by spaces.</summary>
    public string Operations { get; init; } = "";

    /// <summary>Whether the bank declares the queue, as a quorum queue.</summary>
    public bool Declare { get; init; }

    /// <summary>The number of messages that one host decides at the same time.</summary>
    public int Parallel { get; init; } = 16;

    internal string Name { get; init; } = "";

    internal bool AreTokensRequired => Tokens is not null;

    /// <summary>The actor of a queue with an identity.</summary>
    internal string? Actor => Identity is null ? null : ActorPrefix + Identity;

    internal IReadOnlyList<string> OperationNames => Operations.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The address without the password.</summary>
    internal string Broker => new Uri(Uri) is var uri ? $"{uri.Host}{(uri.Port < 0 ? "" : $":{uri.Port}")}{uri.AbsolutePath}" : "";

    /// <exception cref="FormatException">A setting is missing or has an invalid value.</exception>
    internal static IReadOnlyList<QueueSettings> ReadAll(IConfigurationSection section)
    {
        QueueSettings[] all =
            [.. section.GetChildren().Select(queue => (queue.Get<QueueSettings>() ?? new()) with { Name = queue.Key })];
        var problems = all.Select(q => (q.Name, Problem: q.FindProblem())).Where(q => q.Problem is not null).ToList();
        if (problems.Count > 0)
        {
            throw new FormatException(
                string.Join(Environment.NewLine, problems.Select(q => $"{section.Path}:{q.Name}{q.Problem}")));
        }

        return all.GroupBy(q => (q.Broker, q.Queue)).FirstOrDefault(same => same.Count() > 1)?.ToArray() is [var one, var other, ..]
            ? throw new FormatException(
                $"{section.Path}:{other.Name} names the same queue as {one.Name}: the broker would give each message to either.")
            : all;
    }

    private string? FindProblem() => this switch
    {
        _ when !(System.Uri.TryCreate(Uri, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps") =>
            ":Uri is not a RabbitMQ address, such as amqp://user:password@host:port/virtual-host; "
            + "write special characters of a password as %XX.",
        { Queue: "" } => ":Queue must name the queue to take commands from.",
        { Identity: not null, Tokens: not null } or { Identity: null, Tokens: null } =>
            $" needs either Identity (the only service that sends to the queue) or Tokens={TokensRequired}.",
        { Tokens: not (null or TokensRequired) } => $":Tokens must be {TokensRequired}, or be left out.",
        { Identity: { } name } when !ServiceName().IsMatch(name) =>
            ":Identity must be 1 to 100 letters, digits, dots, dashes and underscores.",
        { Identity: "banking" } => ":Identity must not be banking, the name under which the bank's own messages are recorded.",
        { OperationNames: [] } => ":Operations must list the commands that may be sent, separated by spaces.",
        { Parallel: < 1 or > MaxParallel } => $":Parallel must be 1 to {MaxParallel}.",
        _ => null,
    };

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,100}\z")]
    private static partial Regex ServiceName();
}
