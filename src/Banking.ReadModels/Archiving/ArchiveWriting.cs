using System.Data;
using System.Globalization;
using Banking.Commands.Operators;
using Banking.EventStore.Archive;
using Banking.EventStore.Epochs;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Archiving;

/// <summary>
/// The first phase of archiving: writes events to files, reads these back, compares each event with the log, and stores the manifest. It
/// removes nothing. Killed at any moment, it leaves at most a file that the manifest does not name.
/// </summary>
public sealed class ArchiveWriting(ArchivePlan plan, IArchiveStorage storage, ArchiveLog log, TimeProvider clock)
{
    /// <summary>A file of some 10 MB.</summary>
    public const int DefaultMaxEvents = 100_000;

    /// <summary>A file is built in memory, so it has some 100 MB at most.</summary>
    public const int LargestMaxEvents = 1_000_000;

    private const int MaxNamed = 10;

    /// <summary>The parts that lack rows, and the first version that is missing.</summary>
    private const string Incomplete =
        $"""
        with lacking as (
            select p.stream, p.first, p.last from unnest($1, $2, $3) as p(stream, first, last)
            left join {SchemaNames.Events}.mt_events e
                on e.stream_id = p.stream and e.version between p.first and p.last and not e.is_archived
            group by p.stream, p.first, p.last having count(e.version) <> p.last - p.first + 1)
        select stream, (
            select min(v) from generate_series(first, last) as v where not exists (
                select from {SchemaNames.Events}.mt_events e where e.stream_id = stream and e.version = v and not e.is_archived))
        from lacking order by stream, first
        """;

    /// <param name="owner">A connection of the owner of the schema.</param>
    /// <param name="before">All archived events were recorded before this instant.</param>
    /// <param name="maxEvents">Maximum number of events in a file.</param>
    /// <param name="report">Called for each file.</param>
    /// <returns>The number of files.</returns>
    /// <exception cref="ArchiveDamagedException">Streams lack events. The others were archived.</exception>
    public async Task<int> RunAsync(
        NpgsqlConnection owner, DateTimeOffset before, int maxEvents, OperatorAction action, Action<ArchiveFile> report,
        CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxEvents, LargestMaxEvents);
        var (bank, place) = (await BankAsync(owner, ct), await LogPlace.ReadAsync(owner, ct));
        var all = await plan.PartsAsync(owner, before, ct);
        var lacking = await FindLackingAsync(owner, all, ct);
        var files = 0;
        foreach (var parts in ArchivePlan.Divide(all.Where(p => !lacking.ContainsKey(p.Stream)), maxEvents))
        {
            var file = await WriteAsync(owner, bank, place, parts, ct);
            await using var transaction = await owner.BeginTransactionAsync(ct);
            await ArchiveManifest.AddAsync(owner, file, clock.GetUtcNow(), ct);
            await log.RecordAsync(
                transaction,
                file.Name,
                new EventsArchived(
                    file.Name, file.Sha256, file.Header.Events, file.Header.FirstPosition, file.Header.LastPosition, clock.GetUtcNow()),
                action,
                ct);
            await transaction.CommitAsync(ct);
            report(file);
            files++;
        }

        return lacking.Count == 0 ? files : throw new ArchiveDamagedException(string.Create(
            CultureInfo.InvariantCulture,
            $"{lacking.Count} streams were left out, because they lack events: "
                + $"{string.Join(", ", lacking.Take(MaxNamed).Select(l => $"{l.Key} lacks version {l.Value}"))}. Run verify."));
    }

    /// <returns>The streams that lack an event, with its version.</returns>
    private static async Task<Dictionary<Guid, long>> FindLackingAsync(
        NpgsqlConnection owner, IReadOnlyList<StreamPart> parts, CancellationToken ct) => (await owner.ListAsync(
        Incomplete,
        [parts.Select(p => p.Stream).ToArray(), parts.Select(p => p.FirstVersion).ToArray(), parts.Select(p => p.LastVersion).ToArray()],
        row => (Stream: row.GetGuid(0), Version: row.GetInt64(1)),
        ct,
        timeoutSeconds: 0)).DistinctBy(l => l.Stream).ToDictionary(l => l.Stream, l => l.Version);

    /// <summary>The bank that files of this database name.</summary>
    public static async Task<ArchivedBank> BankAsync(NpgsqlConnection connection, CancellationToken ct) => (await connection.ListAsync(
        $"select current_database(), (select id from {SchemaNames.Events}.mt_events order by seq_id limit 1)",
        [],
        row => new ArchivedBank(row.GetString(0), row.GetOrDefault<Guid?>(1)),
        ct))[0];

    private async Task<ArchiveFile> WriteAsync(
        NpgsqlConnection owner, ArchivedBank bank, LogPlace place, IReadOnlyList<StreamPart> parts, CancellationToken ct)
    {
        await using var snapshot = await owner.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var file = await BuildAsync(owner, bank, place, parts, ct);
        await storage.WriteAsync(file.Name, file.Content, ct);
        await using var rows = await ArchivedRows.OpenAsync(owner, parts, ct);
        await using var stored = await storage.OpenAsync(file.Name, ct);
        var found = await ArchiveFileReader.CheckAsync(
            stored,
            async (e, line) =>
            {
                if (!await rows.ReadAsync(ct) || !ArchivedRows.Read(rows).ToLine().AsSpan().SequenceEqual(line))
                {
                    throw new ArchiveDamagedException(string.Create(
                        CultureInfo.InvariantCulture, $"The file {file.Name} differs from the log at position {e.Position}."));
                }
            },
            ct);
        return found.Sha256 == file.Sha256 && !await rows.ReadAsync(ct)
            ? file
            : throw new ArchiveDamagedException($"The file {file.Name} was not stored as it was written.");
    }

    private static async Task<ArchiveFile> BuildAsync(
        NpgsqlConnection owner, ArchivedBank bank, LogPlace place, IReadOnlyList<StreamPart> parts, CancellationToken ct)
    {
        using var writer = new ArchiveFileWriter();
        await using var rows = await ArchivedRows.OpenAsync(owner, parts, ct);
        while (await rows.ReadAsync(ct))
        {
            writer.Add(ArchivedRows.Read(rows));
        }

        return writer.Events == parts.Sum(p => p.Events)
            ? writer.Complete(bank, place)
            : throw new ArchiveDamagedException(string.Create(
                CultureInfo.InvariantCulture,
                $"The log has {writer.Events} of {parts.Sum(p => p.Events)} events to be archived. Run verify."));
    }
}
