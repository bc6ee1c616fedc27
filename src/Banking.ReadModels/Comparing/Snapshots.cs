using System.Data;
using Banking.Commands.Receipts;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>Runs comparisons in a snapshot of the database, while commands continue.</summary>
public sealed class Snapshots(NpgsqlDataSource source, ReadModelConnections connections)
{
    /// <summary>
    /// Maximum attempts at one comparison. The end of a rebuild drops tables that an earlier snapshot still names, and a rule deletes an
    /// archive file that it does not know as deleted; two of these in a row are unlikely.
    /// </summary>
    private const int MaxAttempts = 3;

    /// <param name="compare">
    /// Called again with a new snapshot if tables or events that the comparison was about to read were dropped or deleted meanwhile.
    /// </param>
    /// <param name="byKeys">
    /// Whether to use a connection that always looks up rows by their keys, whatever the statistics say; otherwise one that may scan
    /// tables.
    /// </param>
    public async Task<T> InAsync<T>(Func<NpgsqlConnection, Task<T>> compare, bool byKeys, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await RunOnceAsync(compare, byKeys, ct);
            }
            catch (Exception failure) when ((IsTableDropped(failure) || IsDeleted(failure)) && attempt < MaxAttempts)
            {
                // Retry. If the table or event is missing for another reason, the last attempt reports it.
            }
        }
    }

    /// <summary>Whether a comparison named a table that does not exist, such as one that the end of a rebuild dropped.</summary>
    internal static bool IsTableDropped(Exception failure) =>
        failure is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable };

    /// <summary>Whether a comparison needed an event that a rule has deleted with its archive file.</summary>
    internal static bool IsDeleted(Exception failure) =>
        failure is UnreadableEventException { InnerException: ArchiveDeletedException };

    private async Task<T> RunOnceAsync<T>(Func<NpgsqlConnection, Task<T>> compare, bool byKeys, CancellationToken ct)
    {
        await using var connection = byKeys ? await connections.OpenAsync(ct) : await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        return await compare(connection);
    }

    /// <summary>
    /// Compares the active version of a read model. If another version of this bank writes it, nothing is compared; the lag reports it.
    /// </summary>
    public Task<IReadOnlyList<Difference>> OfAsync(
        ReadModel model, Func<NpgsqlConnection, Generation, Task<IReadOnlyList<Difference>>> compare, bool byKeys, CancellationToken ct) =>
        InAsync(
            async snapshot => await ActiveAsync(snapshot, model, ct) is { } active ? await compare(snapshot, active) : [], byKeys, ct);

    /// <summary>Compares each read model. One that cannot be compared is a difference, and the others are still compared.</summary>
    public async Task<IReadOnlyList<Difference>> OfEachAsync(
        IEnumerable<ReadModel> models,
        string part,
        Func<NpgsqlConnection, ReadModel, Generation, Task<IReadOnlyList<Difference>>> compare,
        bool byKeys,
        CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var model in models)
        {
            differences.AddRange(await Parts.RunAsync(
                model.Name, part, null, () => OfAsync(model, (snapshot, active) => compare(snapshot, model, active), byKeys, ct)));
        }

        return differences;
    }

    /// <summary>Compares each kind of stored data, in the same way.</summary>
    public async Task<IReadOnlyList<Difference>> OfEachAsync(
        IEnumerable<StoredComparison> stored,
        string part,
        Func<NpgsqlConnection, StoredComparison, Task<IReadOnlyList<Difference>>> compare,
        bool byKeys,
        CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var comparison in stored)
        {
            differences.AddRange(await Parts.RunAsync(
                comparison.Name, part, null, () => InAsync(snapshot => compare(snapshot, comparison), byKeys, ct)));
        }

        return differences;
    }

    /// <summary>
    /// Keeps stored answers from being dropped until a snapshot ends. Call it before the first query, which takes the snapshot: a month
    /// that is dropped later is gone, but the snapshot does not see that it was dropped.
    /// </summary>
    internal static Task KeepAnswersAsync(NpgsqlConnection snapshot, CancellationToken ct) =>
        snapshot.ExecuteAsync($"lock table {AnswerTable.Name} in access share mode", [], ct);

    internal static async Task<Generation?> ActiveAsync(NpgsqlConnection snapshot, ReadModel model, CancellationToken ct)
    {
        return
            await Generation.ActiveAsync(snapshot, model.Name, locked: false, ct) is { } active && active.ModelVersion == model.Version
            ? active
            : null;
    }
}
