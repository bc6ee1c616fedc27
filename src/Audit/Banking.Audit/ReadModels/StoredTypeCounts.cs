using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Audit.ReadModels;

/// <summary>
/// How many events of each stored type the audit index has. It is counted once; later questions count only what was added since.
/// </summary>
public sealed class StoredTypeCounts(NpgsqlDataSource source, HighWaterMark highWaterMark) : IDisposable
{
    private const string Index = AuditModule.Schema + "." + AuditModel.Index;

    /// <summary>The first count reads the whole index.</summary>
    private const int TimeoutSeconds = 300;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>The log that was counted (<see cref="HighWaterMark.Server"/>), and up to which position.</summary>
    private (string? Log, long Position) _counted;

    public async Task<IReadOnlyDictionary<string, long>> ReadAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            var (log, end) = (
                highWaterMark.Server, await source.ScalarAsync<long>($"select coalesce(max(position), 0) from {Index}", [], ct));
            if (log != _counted.Log || end < _counted.Position)
            {
                // The database was restored.
                _counts.Clear();
                _counted = (log, 0);
            }

            var added = await source.ListAsync(
                $"select type, count(*) from {Index} where position > $1 and position <= $2 group by type",
                [_counted.Position, end],
                row => (Type: row.GetString(0), Count: row.GetInt64(1)),
                ct,
                TimeoutSeconds);
            foreach (var (type, count) in added)
            {
                _counts[type] = _counts.GetValueOrDefault(type) + count;
            }

            _counted = (log, end);
            return _counts.ToDictionary();
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
