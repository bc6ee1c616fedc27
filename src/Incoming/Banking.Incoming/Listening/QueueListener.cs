using System.Text;
using Banking.Incoming.Receiving;
using Banking.Incoming.Settings;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Banking.Incoming.Listening;

/// <summary>
/// Consumes a RabbitMQ queue while the host runs, and connects again when the connection ends (ADR 0058). A message is acknowledged after
/// its outcome is stored; one that was not acknowledged comes again.
/// </summary>
internal sealed class QueueListener(ListenerState state, MessageReceiver receiver, ILogger log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly QueueSettings _queue = state.Queue;

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stopping);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                var reason = $"Cannot take messages from {_queue.Queue} at {_queue.Broker}: {failure.GetBaseException().Message}";
                if (state.IsNews(reason))
                {
                    log.LogWarning("{Reason}", reason);
                }

                state.LoseConnection(reason);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Consumes the queue until the connection ends, which throws.</summary>
    private async Task ListenAsync(CancellationToken stopping)
    {
        var factory = Factory();
        await using var connection = await factory.CreateConnectionAsync(stopping);
        await using var channel = await connection.CreateChannelAsync(
            new(publisherConfirmationsEnabled: false, publisherConfirmationTrackingEnabled: false,
                consumerDispatchConcurrency: (ushort)_queue.Parallel),
            stopping);
        if (_queue.Declare)
        {
            await channel.QueueDeclareAsync(
                _queue.Queue, durable: true, exclusive: false, autoDelete: false,
                new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: stopping);
        }

        await using var answers = new AnswerSender(factory, log);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var end = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) => TakeAsync(channel, answers, delivery, end, ended.Token);
        consumer.UnregisteredAsync += (_, _) => EndAsync("the queue was deleted");
        channel.ChannelShutdownAsync += (_, why) => EndAsync(why.ReplyText);
        await channel.BasicQosAsync(0, (ushort)_queue.Parallel, global: false, stopping);
        await channel.BasicConsumeAsync(_queue.Queue, autoAck: false, consumer, stopping);
        state.StartListening();
        try
        {
            throw new IOException(await end.Task.WaitAsync(stopping));
        }
        finally
        {
            // Held messages belong to the ended channel: they come again.
            await ended.CancelAsync();
        }

        Task EndAsync(string why)
        {
            end.TrySetResult(why);
            return Task.CompletedTask;
        }
    }

    private ConnectionFactory Factory() => new()
    {
        Uri = new(_queue.Uri),
        ClientProvidedName = "banking",
        // A recovered channel would acknowledge messages of the lost one.
        AutomaticRecoveryEnabled = false,
        TopologyRecoveryEnabled = false,
        RequestedHeartbeat = TimeSpan.FromSeconds(10),
        // What RabbitMQ allows at most. The client ends the connection at a larger message, and would get the same one again.
        MaxInboundMessageBodySize = 512 * 1024 * 1024,
    };

    private async Task TakeAsync(
        IChannel channel, AnswerSender answers, BasicDeliverEventArgs delivery, TaskCompletionSource<string> end, CancellationToken ended)
    {
        var hold = state.HoldMessage();
        try
        {
            var answer = await receiver.ReceiveAsync(_queue, Read(delivery), hold, ended);
            if (answer is not null && delivery.BasicProperties.IsReplyToPresent())
            {
                await answers.SendAsync(delivery.BasicProperties, answer, ended);
            }

            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, ended);
        }
        catch (Exception failure)
            when (ended.IsCancellationRequested || failure is AlreadyClosedException or ObjectDisposedException)
        {
            // The channel ended: the message comes again, and its key tells whether it was decided.
        }
        catch (Exception failure)
        {
            // A message that is neither acknowledged nor held would keep its place for ever. With a new connection it comes again.
            end.TrySetResult(failure.Message);
        }
        finally
        {
            hold(null);
        }
    }

    private static ReceivedMessage Read(BasicDeliverEventArgs delivery)
    {
        var properties = delivery.BasicProperties;
        return new(
            properties.Type,
            properties.ContentType,
            properties.ContentEncoding,
            properties.MessageId,
            properties.CorrelationId,
            Headers("causation-id").FirstOrDefault(),
            [.. Headers("authorization")],
            // The client reuses the memory of the body after the message was acknowledged, and a dead letter may be written later.
            delivery.Body.ToArray());

        IEnumerable<string> Headers(string name) =>
            from header in properties.Headers ?? new Dictionary<string, object?>()
            where header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)
            select header.Value is byte[] text ? Encoding.UTF8.GetString(text) : header.Value?.ToString() ?? "";
    }
}
