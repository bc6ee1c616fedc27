using JasperFx.Events;
using JasperFx.Events.Tags;
using Marten;
using Wolverine.Http;

namespace Banking.Benchmarks.Documented;

/// <summary>
/// A transfer with a dynamic consistency boundary: no account is a stream of its own, a transfer is one event, and what must not change
/// between reading and writing is what the query found. The cost grows with the history of both accounts, as nothing is folded ahead.
/// </summary>
public static class BoundaryEndpoint
{
    [WolverinePost("/dcb/transfers")]
    public static async Task<IResult> Post(WalletTransfer command, IDocumentSession session, CancellationToken ct)
    {
        var (from, to) = (new AccountTag(command.From), new AccountTag(command.To));

        // Both accounts: a real bank asks the payee's state too. It also keeps the tags' rows locked in one order for all writers.
        var boundary = await session.Events.FetchForWritingByTags<TransferBoundary>(
            new EventTagQuery().Or<AccountTag>(from).Or<AccountTag>(to), ct);
        if (boundary.Aggregate?.BalanceOf(command.From) is not { } balance || balance < command.Amount)
        {
            return Results.UnprocessableEntity();
        }

        // Goes to the stream of the first tag, the payer's; the stream means nothing here and its version is not asked.
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
