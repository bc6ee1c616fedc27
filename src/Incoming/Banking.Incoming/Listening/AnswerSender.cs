using Banking.Incoming.Receiving;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Banking.Incoming.Listening;

/// <summary>
/// Sends answers to the queues that senders name. It has a connection of its own: while the broker is short of memory or disk, it stops
/// reading from connections that send, and messages must still be acknowledged then. An answer may be lost; the sender repeats its command
/// and gets it again.
/// </summary>
internal sealed class AnswerSender(ConnectionFactory factory, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private IConnection? _connection;
    private IChannel? _channel;

    public async Task SendAsync(IReadOnlyBasicProperties asked, MessageAnswer answer, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(Timeout);
        try
        {
            var channel = await ChannelAsync(timeout.Token);
            var properties = new BasicProperties
            {
                Type = MessageAnswer.Type,
                ContentType = "application/json",
                CorrelationId = asked.CorrelationId ?? asked.MessageId,
            };
            await channel.BasicPublishAsync("", asked.ReplyTo!, mandatory: false, properties, answer.Body, timeout.Token);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            // The command is decided, so its message must be acknowledged, whatever became of the answer.
            log.LogWarning("The answer to a message could not be sent to {Queue}: {Reason}", asked.ReplyTo, failure.Message);
            await CloseAsync();
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

    private async Task<IChannel> ChannelAsync(CancellationToken ct)
    {
        if (_channel is { IsOpen: true } open)
        {
            return open;
        }

        if (_connection is not { IsOpen: true })
        {
            await CloseAsync();
            _connection = await factory.CreateConnectionAsync(ct);
        }

        // The broker closes a channel that sends what the bank's user may not send.
        return _channel = await _connection.CreateChannelAsync(cancellationToken: ct);
    }

    private async ValueTask CloseAsync()
    {
        var connection = Interlocked.Exchange(ref _connection, null);
        _channel = null;
        if (connection is not null)
        {
            // Without a goodbye, which a broker that does not read would not hear.
            await connection.AbortAsync(Timeout);
            await connection.DisposeAsync();
        }
    }
}
