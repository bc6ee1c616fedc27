using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Accounts.Simulations.Reading;

/// <summary>
/// A cursor of the snapshot's transaction. Several can be open on one connection, unlike readers; one page of each is in memory.
/// </summary>
internal sealed class SnapshotCursor<T>(NpgsqlConnection snapshot, string name, Func<NpgsqlDataReader, T> read)
{
    private const int PageSize = 5_000;

    private readonly Queue<T> _page = [];
    private bool _isAtEnd;

    public static async Task<SnapshotCursor<T>> OpenAsync(
        NpgsqlConnection snapshot, string name, string sql, object[] values, Func<NpgsqlDataReader, T> read, CancellationToken ct)
    {
        await snapshot.ExecuteAsync($"declare {name} no scroll cursor for {sql}", values, ct, timeoutSeconds: 0);
        return new(snapshot, name, read);
    }

    /// <summary>Reads the next page if the last one is used up.</summary>
    /// <returns>Whether there is an item.</returns>
    public async ValueTask<bool> FillAsync(CancellationToken ct)
    {
        if (_page.Count == 0 && !_isAtEnd)
        {
            foreach (var item in await snapshot.ListAsync(
                FormattableString.Invariant($"fetch forward {PageSize} from {name}"), [], read, ct, timeoutSeconds: 0))
            {
                _page.Enqueue(item);
            }

            _isAtEnd = _page.Count < PageSize;
        }

        return _page.Count > 0;
    }

    public T Peek() => _page.Peek();

    public T Next() => _page.Dequeue();

    /// <summary>The number of items that can be taken without reading.</summary>
    public int Ready => _page.Count;
}
