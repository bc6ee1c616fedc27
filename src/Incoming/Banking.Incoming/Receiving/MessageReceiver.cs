using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.Incoming.Settings;
using Banking.Web.Http;
using Microsoft.Extensions.Logging;

namespace Banking.Incoming.Receiving;

/// <summary>
/// Takes a message until something of it is stored: the outcome of its command, or a dead letter. Only then may it be acknowledged. A
/// message that is delivered again is recognised by its command's key.
/// </summary>
internal sealed class MessageReceiver(
    SenderCheck senders, IncomingCommands commands, DeadLetters deadLetters, IncomingMetrics metrics, TimeProvider clock,
    ILogger<MessageReceiver> log)
{
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(10);

    /// <summary>Returns when the message may be acknowledged. While it cannot be decided, the message is held and tried again.</summary>
    /// <param name="onWaiting">Called with the reason before each pause, and with null when the wait is over.</param>
    /// <returns>The answer to the sender; null if the sender could not be identified.</returns>
    public async Task<MessageAnswer?> ReceiveAsync(
        QueueSettings queue, ReceivedMessage received, Action<string?> onWaiting, CancellationToken ct)
    {
        IncomingMessage? message = null;
        var arrivedAt = clock.GetTimestamp();
        for (var pause = TimeSpan.FromMilliseconds(250); ; pause = pause * 2 < MaxPause ? pause * 2 : MaxPause)
        {
            try
            {
                message ??= await IdentifyAsync(queue, received, clock.GetElapsedTime(arrivedAt), ct);
                var answer = await DecideAsync(message, ct);
                onWaiting(null);
                return message.Service is null ? null : answer;
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                // Also a bug: a message that is neither stored nor held would never be acknowledged or delivered again.
                onWaiting(failure.Message);
            }

            await Task.Delay(pause, ct);
        }
    }

    private async Task<IncomingMessage> IdentifyAsync(
        QueueSettings queue, ReceivedMessage received, TimeSpan age, CancellationToken ct)
    {
        var (service, problem) = await senders.IdentifyAsync(queue, received, age, ct);
        problem ??= received.Body.Length > StrictBody.LargestBytes
            ? new("body_too_large", $"The body must be at most {StrictBody.LargestBytes} bytes.")
            : null;
        var id = Ids.Next(clock).ToString("N");
        return new(
            queue.Name,
            service,
            problem,
            received.Type,
            received.ContentType,
            received.ContentEncoding,
            received.CorrelationId is { Length: > 0 } correlation ? correlation : id,
            received.CausationId ?? received.MessageId,
            clock.GetUtcNow(),
            // Such a message is never decided, so its body would only fill the database.
            problem is null ? received.Body : default);
    }

    private async Task<MessageAnswer> DecideAsync(IncomingMessage message, CancellationToken ct)
    {
        try
        {
            var answer = MessageAnswer.Of(await commands.DecideAsync(message, ct));
            metrics.Count(message.Queue, answer.Outcome);
            return answer;
        }
        catch (CommandRejectedException rejected)
        {
            return await RejectAsync(message, rejected);
        }
        catch (CommandPostponedException failure) when (failure.NeedsOperator)
        {
            // Held messages would fill the places of this host one by one, and stop the queue for all others.
            return await RejectAsync(message, new(failure.Code, failure.Detail));
        }
        catch (Exception failure) when (!IsTransient(failure) && !ct.IsCancellationRequested)
        {
            log.LogError(failure, "A message on {Queue} could not be decided because of a bug; it is a dead letter", message.Queue);
            return await RejectAsync(message, new("internal_error", "The bank failed to decide this command. Nothing was done."));
        }
    }

    /// <summary>Whether the same message may be decided later: the database or the issuer of tokens cannot be reached now.</summary>
    private static bool IsTransient(Exception failure) =>
        failure is CommandPostponedException or OperationCanceledException || Failures.IsTransient(failure);

    private async Task<MessageAnswer> RejectAsync(IncomingMessage message, CommandRejectedException why)
    {
        await deadLetters.StoreAsync(message, why);
        var answer = MessageAnswer.Of(why);
        metrics.Count(message.Queue, answer.Outcome, why.Code);
        log.LogWarning("A message of {Service} on {Queue} is a dead letter: {Reason}", message.Service, message.Queue, why.Message);
        return answer;
    }
}
