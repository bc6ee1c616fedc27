using System.Diagnostics.Metrics;

namespace Banking.Incoming.Receiving;

/// <summary>Counts the messages that this host took from queues, by what became of them.</summary>
internal sealed class IncomingMetrics
{
    public const string MeterName = "Banking.Incoming";

    private readonly Counter<long> _messages;

    public IncomingMetrics(IMeterFactory meters)
    {
        _messages = meters.Create(MeterName).CreateCounter<long>(
            "banking.incoming.messages", "{message}", "Messages taken from queues, by outcome");
    }

    /// <param name="outcome">accepted, refused, replayed or rejected.</param>
    /// <param name="code">Why it was rejected; null otherwise.</param>
    public void Count(string queue, string outcome, string? code = null) => _messages.Add(
        1, [new("queue", queue), new("outcome", outcome), .. code is null ? [] : (KeyValuePair<string, object?>[])[new("code", code)]]);
}
