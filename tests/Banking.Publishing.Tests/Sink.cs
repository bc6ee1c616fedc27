using System.Collections.Concurrent;
using Banking.Publishing.Log;
using Banking.Publishing.Publishers;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>A destination that keeps the delivered events. A test can make it unavailable or let it reject events.</summary>
internal sealed class Sink : IDestinationSource
{
    public const string Name = "sink";

    private readonly ConcurrentQueue<PublicEvent> _taken = new();

    /// <summary>The name of this destination, for tests with several sinks.</summary>
    public string Called { get; init; } = Name;

    /// <summary>The accepted events in order of arrival.</summary>
    public IReadOnlyList<PublicEvent> Taken => [.. _taken];

    public StartPosition From { get; init; } = StartPosition.Beginning;

    /// <summary>The reason why the sink is unavailable; null while it is available.</summary>
    public volatile string? Outage;

    /// <summary>Returns the cause for which an event is rejected, or null to accept it.</summary>
    public Func<PublicEvent, string?> Refuses { get; set; } = _ => null;

    public Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<DestinationSpec>>([
            new(Called, "sink", From, "", _ => Task.FromResult<Destination>(new Opened(this))),
        ]);

    public IReadOnlyList<long> VersionsOf(string account) =>
        [.. Taken.Where(e => e.Subject == account).Select(e => e.Version).OfType<long>()];

    private sealed class Opened(Sink sink) : Destination
    {
        public override Task<IReadOnlyList<Rejected>> DeliverAsync(
            IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct)
        {
            var rejected = new Dictionary<Guid, Rejected>();
            foreach (var e in events)
            {
                if (sink.Outage is { } reason)
                {
                    throw new DestinationUnavailableException(reason);
                }

                if (!rejected.ContainsKey(e.Stream) && sink.Refuses(e) is { } cause)
                {
                    rejected.Add(e.Stream, new(e, cause, "rejected by the sink"));
                }
                else if (!rejected.ContainsKey(e.Stream))
                {
                    sink._taken.Enqueue(e);
                }
            }

            return Task.FromResult<IReadOnlyList<Rejected>>([.. rejected.Values]);
        }
    }
}

/// <summary>A bank that publishes to the sink.</summary>
public sealed class SunkBank : BankFixture
{
    internal Sink Sink { get; } = new();

    protected override void Configure(IServiceCollection services) => services.AddSingleton<IDestinationSource>(Sink);
}
