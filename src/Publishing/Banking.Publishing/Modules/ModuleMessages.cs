using Banking.Publishing.Contracts;
using JasperFx;
using JasperFx.CodeGeneration;
using Wolverine;
using Wolverine.Configuration;
using Wolverine.ErrorHandling;
using Wolverine.Runtime.Handlers;
using Wolverine.Transports.Local;

namespace Banking.Publishing.Modules;

/// <summary>Routing and error handling of messages to modules.</summary>
internal sealed class ModuleMessages : IHandlerPolicy
{
    private const string Name = "publishing.events-published.v1";

    private static readonly TimeSpan[] ShortDelays =
        [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)];

    private static readonly TimeSpan[] LongDelays =
    [
        TimeSpan.FromSeconds(5),
        TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(2),
        TimeSpan.FromMinutes(10),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(6),
    ];

    public static void Configure(WolverineOptions wolverine)
    {
        wolverine.RegisterMessageType(typeof(EventsPublished), Name);
        // Conventional routing and not LocalQueueFor: that would make a queue for the message itself, which has no handler once a second
        // module handles the message.
        wolverine.Policies.ConfigureConventionalLocalRouting().CustomizeQueues((message, queue) =>
        {
            if (message == typeof(EventsPublished))
            {
                queue.Sequential().UseDurableInbox();
            }
        });
        wolverine.Policies.Add<ModuleMessages>();
    }

    /// <summary>
    /// Retries failed messages for about seven hours before they become dead letters; without this policy one failure makes a dead letter.
    /// Makes the queues of all handlers sequential, so that messages are handled in the order of the log as long as nothing fails. This is
    /// not guaranteed: failed messages are retried later, and messages of a host that ended are taken over in any order.
    /// </summary>
    public void Apply(IReadOnlyList<HandlerChain> chains, GenerationRules rules, IServiceContainer container)
    {
        // If several modules handle the message, each handler has its own chain below the chain of the message.
        foreach (var chain in chains.Where(c => c.MessageType == typeof(EventsPublished)).SelectMany(c => c.ByEndpoint.Prepend(c)))
        {
            chain.OnAnyException().RetryWithCooldown(ShortDelays).Then.ScheduleRetry(LongDelays);
            // The convention configures the queue of a message, which none of several handlers uses: each has a queue of its own.
            foreach (var queue in chain.Endpoints.OfType<LocalQueue>())
            {
                queue.MaxDegreeOfParallelism = 1;
            }
        }
    }
}
