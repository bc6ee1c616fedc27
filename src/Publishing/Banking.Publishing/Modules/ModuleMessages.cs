using Banking.Publishing.Contracts;
using JasperFx;
using JasperFx.CodeGeneration;
using Wolverine;
using Wolverine.Configuration;
using Wolverine.ErrorHandling;
using Wolverine.Runtime.Handlers;

namespace Banking.Publishing.Modules;

/// <summary>How messages to modules are brought to their handlers, and what happens to one that fails.</summary>
internal sealed class ModuleMessages : IHandlerPolicy
{
    private const string Name = "publishing.events-published.v1";

    private static readonly TimeSpan[] AtOnce = [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)];

    private static readonly TimeSpan[] Later =
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
        // One after the other, so that a host which nothing happens to brings them in the order of the log. It is a courtesy and no
        // promise: what failed is tried again later, and what a host left behind is taken up in any order.
        // By convention and not LocalQueueFor: that would be a queue for the message itself, which nobody handles once a second module
        // handles it.
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
    /// Without a rule of its own a message that fails once is a dead letter. These are tried for some seven hours, and are dead letters
    /// then.
    /// </summary>
    public void Apply(IReadOnlyList<HandlerChain> chains, GenerationRules rules, IServiceContainer container)
    {
        // Where several modules handle the message, each handler has a chain of its own below the one of the message.
        foreach (var chain in chains.Where(c => c.MessageType == typeof(EventsPublished)).SelectMany(c => c.ByEndpoint.Prepend(c)))
        {
            chain.OnAnyException().RetryWithCooldown(AtOnce).Then.ScheduleRetry(Later);
        }
    }
}
