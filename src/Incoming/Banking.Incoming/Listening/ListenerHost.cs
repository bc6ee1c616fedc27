using Banking.Incoming.Receiving;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.Incoming.Listening;

/// <summary>Runs the consumers of all configured queues. Every host has them, and the broker spreads the messages over the hosts.</summary>
internal sealed class ListenerHost(ListenerStates states, MessageReceiver receiver, ILogger<ListenerHost> log)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(states.All.Select(s => new QueueListener(s, receiver, log).RunAsync(stoppingToken)));
}
