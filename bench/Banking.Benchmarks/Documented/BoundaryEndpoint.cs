using JasperFx.Events;
using JasperFx.Events.Tags;
using Marten;
using Wolverine.Http;

namespace Banking.Benchmarks.Documented;

/// <summary>
/// A transfer with a dynamic consistency boundary: accounts are not streams, a transfer is one event, and the result of the query must not
/// change between reading and writing. The cost grows with the history of both accounts, because there is no stored state.
/// </summary>
public static class BoundaryEndpoint
{
    [WolverinePost("/dcb/transfers")]
    public static async Task<IResult> Post(WalletTransfer command, IDocumentSession session, CancellationToken ct)
    {
        var (from, to) = (new AccountTag(command.From), new AccountTag(command.To));

        // Query both accounts, because a real bank checks the payee too. All writers then lock the rows of the tags in the same order.
        var boundary = await session.Events.FetchForWritingByTags<TransferBoundary>(
            new EventTagQuery().Or<AccountTag>(from).Or<AccountTag>(to), ct);
        if (boundary.Aggregate?.BalanceOf(command.From) is not { } balance || balance < command.Amount)
        {
            return Results.UnprocessableEntity();
        }

        // The event goes to the stream of its first tag, the payer. The stream and its version are not used.
        boundary.AppendOne(
            session.Events.BuildEvent(new MoneyMoved(command.TransferId, command.From, command.To, command.Amount)).WithTag(from, to));
        return Results.Ok();
    }

    [WolverinePost("/dcb/accounts")]
    public static async Task<IResult> Open(OpenWallets command, IDocumentStore store)
    {
        foreach (var chunk in Enumerable.Range(0, command.Count).Chunk(500))
        {
            await using var session = store.LightweightSession();
            foreach (var id in chunk.Select(TransferEndpoint.IdOf))
            {
                session.Events.StartStream<TransferBoundary>(
                    id, session.Events.BuildEvent(new AccountFunded(id, command.Balance)).WithTag(new AccountTag(id)));
            }

            await session.SaveChangesAsync();
        }

        return Results.Ok();
    }
}
