using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Accounts.Simulations.Reading;

/// <summary>
/// A cursor of the snapshot's transaction. Several can be open on one connection, unlike readers. The next page is read and parsed while
/// the present one is used; more is never in memory.
/// </summary>
/// <param name="turn">Lets one cursor after the other use the connection.</param>
internal sealed class SnapshotCursor<T>(
    NpgsqlConnection snapshot, SemaphoreSlim turn, string name, Func<NpgsqlDataReader, T> read, CancellationToken ct) : IAsyncDisposable
{
    private const int PageSize = 5_000;

    private readonly Queue<T> _page = [];
    private Task<IReadOnlyList<T>>? _next;

    /// <summary>Whether there is an item that can be taken without waiting.</summary>
    public bool HasNext => _page.Count > 0;

    public static async Task<SnapshotCursor<T>> OpenAsync(
        NpgsqlConnection snapshot, SemaphoreSlim turn, string name, string sql, object[] values, Func<NpgsqlDataReader, T> read,
        CancellationToken ct)
    {
        await snapshot.ExecuteAsync($"declare {name} no scroll cursor for {sql}", values, ct, timeoutSeconds: 0);
        return new(snapshot, turn, name, read, ct);
    }

    /// <summary>Begins to read the first page. All cursors must be open by then.</summary>
    public void Start() => _next = Task.Run(ReadPageAsync, ct);

    /// <summary>Takes the next page if the present one is used up.</summary>
    /// <returns>Whether there is an item.</returns>
    public async ValueTask<bool> FillAsync()
    {
        if (_page.Count == 0 && _next is { } next)
        {
            var page = await next;
            foreach (var item in page)
            {
                _page.Enqueue(item);
            }

            _next = page.Count < PageSize ? null : Task.Run(ReadPageAsync, ct);
        }

        return _page.Count > 0;
    }

    public T Peek() => _page.Peek();

    public T Next() => _page.Dequeue();

    public async ValueTask DisposeAsync()
    {
        // The connection must be idle before it is closed. The page itself, or why there is none, does not matter any more.
        await Task.WhenAny(_next ?? Task.CompletedTask);
    }

    private async Task<IReadOnlyList<T>> ReadPageAsync()
    {
        await turn.WaitAsync(ct);
        try
        {
            return await snapshot.ListAsync(
                FormattableString.Invariant($"fetch forward {PageSize} from {name}"), [], read, ct, timeoutSeconds: 0);
        }
        finally
        {
            turn.Release();
        }
    }
}
