using System.Data;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>One moment of the database, to compare one thing with another while commands go on.</summary>
public sealed class Snapshots(NpgsqlDataSource source, ReadModelConnections connections)
{
    /// <summary>
    /// Attempts at one comparison. A rebuild that ends drops the tables that a snapshot taken before it still names; two in a row are
    /// unlikely.
    /// </summary>
    private const int MaxAttempts = 3;

    /// <param name="look">Called again, over a new snapshot, where a rebuild that ended meanwhile has dropped tables that it was about to
    /// read.</param>
    /// <param name="byKeys">Over a connection that finds rows by their keys, whatever is known of the size of tables; else over one that
    /// may read them whole.</param>
    public async Task<T> InAsync<T>(Func<NpgsqlConnection, Task<T>> look, bool byKeys, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(look);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await LookAsync(look, byKeys, ct);
            }
            catch (PostgresException dropped) when (dropped.SqlState == PostgresErrorCodes.UndefinedTable && attempt < MaxAttempts)
            {
                // A table that is missing for another reason is missing in the last attempt as well, and reported then.
            }
        }
    }

    private async Task<T> LookAsync<T>(Func<NpgsqlConnection, Task<T>> look, bool byKeys, CancellationToken ct)
    {
        await using var connection = byKeys ? await connections.OpenAsync(ct) : await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        return await look(connection);
    }

    /// <summary>
    /// The active version of a read model, as far as it is. One that another version of this bank writes is not compared: that it does not
    /// move is reported elsewhere.
    /// </summary>
    public Task<IReadOnlyList<Difference>> OfAsync(
        ReadModel model, Func<NpgsqlConnection, Generation, Task<IReadOnlyList<Difference>>> look, bool byKeys, CancellationToken ct) =>
        InAsync(async snapshot => await ActiveAsync(snapshot, model, ct) is { } serving ? await look(snapshot, serving) : [], byKeys, ct);

    internal static async Task<Generation?> ActiveAsync(NpgsqlConnection snapshot, ReadModel model, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(model);
        return
            await Generation.ActiveAsync(snapshot, model.Name, locked: false, ct) is { } serving && serving.ModelVersion == model.Version
            ? serving
            : null;
    }
}
