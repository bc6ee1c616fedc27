using Marten;
using Wolverine;
using Wolverine.Http;
using Wolverine.Runtime.RemoteInvocation;

namespace Banking.Benchmarks.Documented;

/// <summary>The queue's reply to the endpoint.</summary>
public sealed record WalletTransferAnswer(bool Accepted);

/// <summary>
/// A transfer through partitioned queues. <see cref="ICommandBus.InvokeAsync(object, CancellationToken, TimeSpan?)"/> would run the handler
/// in place and bypass the queues, so the endpoint sends to the payer's queue and awaits the reply. The endpoint chooses the queue by
/// payer, and the queue chooses the slot by payer.
/// </summary>
public static class PartitionedTransfers
{
    internal const string Queue = "transfers";

    /// <summary>Each queue has five slots: enough concurrent transactions for PostgreSQL to flush several with one write.</summary>
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
            // All retries conflicted. The queue has moved the command to its dead letters and replied with a failure.
            return Results.Conflict();
        }
    }
}

public static class WalletTransferHandler
{
    // The reply is a cascading message, so it is sent after the transaction.
    public static async Task<WalletTransferAnswer> Handle(WalletTransfer command, IDocumentSession session, CancellationToken ct) =>
        new(await TransferEndpoint.MoveAsync(command, session, ct));
}
