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
/// The way of messages that decisions send (ADR 0033). They are stored in Wolverine's tables in the transaction of the group and handed to
/// Wolverine's
/// senders after its commit. Wolverine recovers rows of nodes that are gone, and rows of no node; what this node could not hand over
/// becomes such a row.
/// </summary>
public sealed class MessageOutbox(IWolverineRuntime runtime, NpgsqlDataSource source, TimeProvider clock, ILogger<MessageOutbox> log)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly MessageRows _rows = new(runtime, source);
    private readonly Channel<(RoutedMessages Messages, bool InDoubt)> _queue =
        Channel.CreateUnbounded<(RoutedMessages, bool)>(new() { SingleReader = true });

    /// <summary>Finds out where messages go and queues their rows on the session, whose transaction stores them.</summary>
    internal async Task<RoutedMessages> StoreAsync(IDocumentSession session, IReadOnlyList<DecidedMessage> messages)
    {
        var routed = new RoutedMessages(runtime.Options.Durability.AssignedNodeNumber);
        foreach (var (message, context, cause) in messages)
        {
            var bus = new MessageBus(runtime) { CorrelationId = context.CorrelationId, UserName = User(context.Caller) };
            bus.EnlistInOutbox(routed);
            routed.Cause = cause;
            var before = routed.Count;
            // Sent, not published: a message that nobody handles fails its command instead of being lost. With options, so that no message
            // sends itself.
            await bus.SendAsync(message, new DeliveryOptions());
            if (routed.Count - before != bus.Outstanding.Count())
            {
                throw new InvalidOperationException(
                    $"{message.GetType().Name} is routed to an endpoint that keeps no messages; decisions send durably.");
            }
        }

        _rows.Queue(session, routed);
        return routed;
    }

    /// <summary>The rows are committed: the messages may go.</summary>
    internal void Send(RoutedMessages messages) => _queue.Writer.TryWrite((messages, false));

    /// <summary>The answer to the commit did not come: the messages go if their rows turn out to be stored.</summary>
    internal void SendIfStored(RoutedMessages messages) => _queue.Writer.TryWrite((messages, true));

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What is not handed over by now stays stored, and is sent by the next start or by another node.
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
                // Apart: it may take as long as the database is unreachable, and others must not wait for it.
                inDoubt.Add(SendIfStoredAsync(messages, stoppingToken));
            }
            else
            {
                await SendAsync([.. messages.All], messages.Owner, stoppingToken);
            }
        }

        await Task.WhenAll(inDoubt);
    }

    /// <summary>The user behind the command; null where the bank itself acts.</summary>
    private static string? User(Caller caller) => caller is { Role: Roles.Service, IsOnBehalfOfUser: false } ? null : caller.Actor;

    private async Task SendAsync(IReadOnlyList<Envelope> envelopes, int owner, CancellationToken stopping)
    {
        var left = new List<Envelope>();
        foreach (var envelope in envelopes)
        {
            if (!await TrySendAsync(envelope))
            {
                left.Add(envelope);
            }
        }

        if (left.Count > 0)
        {
            await RepeatAsync(
                async () =>
                {
                    await _rows.ReleaseAsync(left, owner, stopping);
                    return true;
                },
                stopping);
        }
    }

    /// <summary>Whether Wolverine has taken it: a sender that is paused drops what it is given.</summary>
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
                "The message {Id} ({Type}) could not be sent; it is stored, and any node may send it.",
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
                "A commit without an answer left {Stored} of {Count} messages; they are sent.", stored.Count, messages.Count);
            await SendAsync([.. messages.All.Where(e => stored.Contains(e.Id))], messages.Owner, stopping);
            return true;
        },
        stopping);

    /// <summary>Until it is done or the host stops; the database may be unreachable meanwhile.</summary>
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
                log.LogWarning("Stored messages wait to be sent until the database answers: {Reason}", failure.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Pause, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
