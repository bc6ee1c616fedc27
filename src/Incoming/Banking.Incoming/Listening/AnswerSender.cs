using Banking.Incoming.Receiving;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Banking.Incoming.Listening;

/// <summary>
/// Sends answers to the queues that senders name. It has a channel of its own: the broker closes a channel that sends what the bank's user
/// may not send, and messages must still be taken then. An answer may be lost; the sender repeats its command and gets it again.
/// </summary>
internal sealed class AnswerSender(IConnection connection, ILogger log) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private IChannel? _channel;

    public async Task SendAsync(IReadOnlyBasicProperties asked, MessageAnswer answer, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            if (_channel is not { IsOpen: true })
            {
                await CloseAsync();
                _channel = await connection.CreateChannelAsync(cancellationToken: ct);
            }

            var properties = new BasicProperties
            {
                Type = MessageAnswer.Type,
                ContentType = "application/json",
                CorrelationId = asked.CorrelationId ?? asked.MessageId,
            };
            await _channel.BasicPublishAsync("", asked.ReplyTo!, mandatory: false, properties, answer.Body, ct);
        }
        catch (RabbitMQClientException failure)
        {
            log.LogWarning("The answer to a message could not be sent to {Queue}: {Reason}", asked.ReplyTo, failure.Message);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _turn.Dispose();
    }

    private ValueTask CloseAsync() => _channel?.DisposeAsync() ?? default;
}
