using System.Threading.Channels;
using Banking.EventStore.Callers;
using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Wolverine;
using Wolverine.Runtime;

namespace Banking.Commands.Messages;

/// <summary>
/// Outbox for messages of decisions (ADR 0033). Messages are stored in Wolverine's tables in the transaction of the group and passed to
/// Wolverine's senders after its commit. A message that this node cannot send is released: Wolverine recovers messages without a node and
/// those of nodes that have died.
/// </summary>
public sealed class MessageOutbox(IWolverineRuntime runtime, NpgsqlDataSource source, TimeProvider clock, ILogger<MessageOutbox> log)
    : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly MessageRows _rows = new(runtime, source);
    private readonly Channel<(RoutedMessages Messages, bool InDoubt)> _queue =
        Channel.CreateUnbounded<(RoutedMessages, bool)>(new() { SingleReader = true });

    /// <summary>Routes messages and queues their rows on the session, whose transaction stores them.</summary>
    internal async Task<RoutedMessages> StoreAsync(IDocumentSession session, IReadOnlyList<DecidedMessage> messages)
    {
        var routed = new RoutedMessages(runtime.Options.Durability.AssignedNodeNumber);
        foreach (var (message, context, cause) in messages)
        {
            var bus = new MessageBus(runtime) { CorrelationId = context.CorrelationId, UserName = User(context.Caller) };
            bus.EnlistInOutbox(routed);
            routed.Cause = cause;
            var before = routed.Count;
            // Sent, not published: a message without handler fails its command instead of being lost. The options prevent that a message
            // sends itself.
            await bus.SendAsync(message, new DeliveryOptions());
            if (routed.Count - before != bus.Outstanding.Count())
            {
                throw new InvalidOperationException(
                    $"{message.GetType().Name} is routed to an endpoint that is not durable; decisions need a durable one.");
            }
        }

        _rows.Queue(session, routed);
        return routed;
    }

    /// <summary>Sends messages whose rows are committed.</summary>
    internal void Send(RoutedMessages messages) => _queue.Writer.TryWrite((messages, false));

    /// <summary>Sends messages of a commit without an answer, if their rows turn out to be stored.</summary>
    internal void SendIfStored(RoutedMessages messages) => _queue.Writer.TryWrite((messages, true));

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Messages not sent by now stay stored, and are sent after the next start or by another node.
        _queue.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var inDoubt = new List<Task>();
        await foreach (var (messages, isInDoubt) in _queue.Reader.ReadAllAsync(CancellationToken.None))
        {
            inDoubt.RemoveAll(d => d.IsCompleted);
            if (isInDoubt)
            {
                // In parallel: this may take as long as the database is unreachable, and other messages must not wait.
                inDoubt.Add(SendIfStoredAsync(messages, stoppingToken));
            }
            else
            {
                await SendAsync([.. messages.All], messages.Owner, stoppingToken);
            }
        }

        await Task.WhenAll(inDoubt);
    }

    /// <summary>Returns the user behind the command; null if the bank itself acts.</summary>
    private static string? User(Caller caller) => caller is { Role: Roles.Service, IsOnBehalfOfUser: false } ? null : caller.Actor;

    private async Task SendAsync(IReadOnlyList<Envelope> envelopes, int owner, CancellationToken stopping)
    {
        var unsent = new List<Envelope>();
        foreach (var envelope in envelopes)
        {
            if (!await TrySendAsync(envelope))
            {
                unsent.Add(envelope);
            }
        }

        if (unsent.Count > 0)
        {
            await RepeatAsync(
                async () =>
                {
                    await _rows.ReleaseAsync(unsent, owner, stopping);
                    return true;
                },
                stopping);
        }
    }

    /// <summary>Returns whether Wolverine accepted the message: a paused sender drops messages.</summary>
    private async Task<bool> TrySendAsync(Envelope envelope)
    {
        try
        {
            var agent = runtime.Endpoints.GetOrBuildSendingAgent(envelope.Destination!);
            if (agent.Latched)
            {
                return false;
            }

            await agent.EnqueueOutgoingAsync(envelope);
            return !agent.Latched;
        }
        catch (Exception failure)
        {
            log.LogError(
                failure,
                "Message {Id} ({Type}) could not be sent; it stays stored, and any node will send it.",
                envelope.Id,
                envelope.MessageType);
            return false;
        }
    }

    private Task SendIfStoredAsync(RoutedMessages messages, CancellationToken stopping) => RepeatAsync(
        async () =>
        {
            if (await _rows.FindStoredAsync(messages, stopping) is not { } stored)
            {
                return false;
            }

            log.LogInformation(
                "A commit without an answer stored {Stored} of {Count} messages; sending them.", stored.Count, messages.Count);
            await SendAsync([.. messages.All.Where(e => stored.Contains(e.Id))], messages.Owner, stopping);
            return true;
        },
        stopping);

    /// <summary>Repeats an action until it is done or the host stops; the database may be unreachable meanwhile.</summary>
    private async Task RepeatAsync(Func<Task<bool>> isDone, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (await isDone())
                {
                    return;
                }
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                log.LogWarning("The database is unavailable; stored messages are sent when it answers: {Reason}", failure.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(RetryInterval, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
