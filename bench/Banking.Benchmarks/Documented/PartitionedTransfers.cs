using Marten;
using Wolverine;
using Wolverine.Http;
using Wolverine.Runtime.RemoteInvocation;

namespace Banking.Benchmarks.Documented;

/// <summary>What the queue answers the endpoint.</summary>
public sealed record WalletTransferAnswer(bool Accepted);

/// <summary>
/// A transfer through partitioned queues. <see cref="ICommandBus.InvokeAsync(object, CancellationToken, TimeSpan?)"/> would run the
/// handler where it is called and pass the queues by, so the endpoint names the queue of the payer and awaits its reply; that the same
/// payer always gets the same queue is the endpoint's part, that it gets the same slot within the queue is the queue's.
/// </summary>
public static class PartitionedTransfers
{
    internal const string Queue = "transfers";

    /// <summary>Times five slots each: enough transactions at once for PostgreSQL to flush several with one write.</summary>
    internal const int Queues = 8;

    [WolverinePost("/partitioned-queues/transfers")]
    public static async Task<IResult> Post(WalletTransfer command, IMessageBus bus, CancellationToken ct)
    {
        var queue = bus.EndpointFor($"{Queue}{1 + ((uint)command.From.GetHashCode() % Queues)}");
        try
        {
            var answer = await queue.InvokeAsync<WalletTransferAnswer>(command, ct, TimeSpan.FromSeconds(30));
            return answer.Accepted ? Results.Ok() : Results.UnprocessableEntity();
        }
        catch (WolverineRequestReplyException)
        {
            // All retries conflicted; the queue has put the command among its dead letters and said so.
            return Results.Conflict();
        }
    }
}

public static class WalletTransferHandler
{
    // The reply goes out after the transaction: it cascades like any other message.
    public static async Task<WalletTransferAnswer> Handle(WalletTransfer command, IDocumentSession session, CancellationToken ct) =>
        new(await TransferEndpoint.MoveAsync(command, session, ct));
}
