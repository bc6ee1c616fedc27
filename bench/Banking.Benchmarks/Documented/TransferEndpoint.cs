using Marten;
using Wolverine.Http;

namespace Banking.Benchmarks.Documented;

public sealed record WalletTransfer(Guid TransferId, Guid From, Guid To, long Amount);

public sealed record OpenWallets(int Count, long Balance);

public static class TransferEndpoint
{
    [WolverinePost("/documented/transfers")]
    public static async Task<IResult> Post(WalletTransfer command, IDocumentSession session, CancellationToken ct) =>
        await MoveAsync(command, session, ct) ? Results.Ok() : Results.UnprocessableEntity();

    [WolverinePost("/documented/accounts")]
    public static async Task<IResult> Open(OpenWallets command, IDocumentStore store)
    {
        foreach (var chunk in Enumerable.Range(0, command.Count).Chunk(500))
        {
            await using var session = store.LightweightSession();
            foreach (var i in chunk)
            {
                session.Events.StartStream<Wallet>(IdOf(i), new WalletOpened(command.Balance));
            }

            await session.SaveChangesAsync();
        }

        return Results.Ok();
    }

    /// <summary>Adds the two events of a transfer to the session. False if the payer's balance is too low.</summary>
    internal static async Task<bool> MoveAsync(WalletTransfer command, IDocumentSession session, CancellationToken ct)
    {
        // Fetched and appended in the order of the ids, otherwise opposite transfers would deadlock.
        Guid[] ids = command.From.CompareTo(command.To) < 0 ? [command.From, command.To] : [command.To, command.From];
        var streams = await session.Events.FetchManyForWriting<Wallet>(ids, ct);
        var (from, to) = ids[0] == command.From ? (streams[0], streams[1]) : (streams[1], streams[0]);
        if (from.Aggregate is null || from.Aggregate.Balance < command.Amount)
        {
            return false;
        }

        from.AppendOne(new WalletDebited(command.TransferId, command.Amount));
        to.AppendOne(new WalletCredited(command.TransferId, command.Amount));
        return true;
    }

    /// <summary>Derives the account's id from its number, the same in the load generator and in the host.</summary>
    public static Guid IdOf(int wallet) => new(wallet, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]);
}
