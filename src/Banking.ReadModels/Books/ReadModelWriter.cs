using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>The progress that an update of a generation made.</summary>
/// <param name="Position">Position of the last event it includes.</param>
/// <param name="Events">Number of events that this update wrote.</param>
public sealed record Advanced(long Position, int Events);

/// <summary>
/// Writes events into a generation of a read model. Rows and position are one transaction, so each event is applied exactly once, whatever
/// hosts or retries do. An event that cannot be projected pauses its own model right before it, and no other model.
/// </summary>
public sealed partial class ReadModelWriter(
    ReadModelConnections connections,
    LogReader reader,
    EventCache cache,
    HighWaterMark highWaterMark,
    ReadModelLog operatorLog,
    TimeProvider clock,
    ILogger<ReadModelWriter> logger)
{
    public const int PageSize = 2_000;

    private readonly ReadModelCaches _caches = new();

    /// <summary>Brings the active version up to a position, up to which the log must be complete.</summary>
    /// <param name="log">
    /// The log that the position belongs to, as <see cref="HighWaterMark.Server"/> named it; null if no restore can have replaced the log
    /// since.
    /// </param>
    /// <param name="isLeader">False for a host that follows the leader: it does not pause the model before an event of a type that it does
    /// not know, because the leader may know it.</param>
    /// <returns>The progress; null if the model is paused, or hosts of another version write it.</returns>
    /// <exception cref="LogReplacedException">The database was restored since; nothing was written.</exception>
    public async Task<Advanced?> AdvanceAsync(
        ReadModel model, long upTo, CancellationToken ct, string? log = null, bool isLeader = true)
    {
        Advanced? last;
        do
        {
            last = await StepAsync(
                model,
                null,
                upTo,
                position => SkipGapAsync(cache.ReadAsync(position, Math.Min(upTo, position + PageSize), ct, log), upTo, ct),
                ct,
                log,
                isLeader);
        } while (last is not null && last.Position < upTo);
        return last;
    }

    private Task<LogPage> PageAsync(long after, long upTo, CancellationToken ct) =>
        SkipGapAsync(reader.ReadAsync(after, Math.Min(upTo, after + PageSize), ct), upTo, ct);

    /// <summary>
    /// Extends an empty page to the next event. A sequence that was set forward, or an event whose position was changed, can leave a gap of
    /// millions of numbers; reading it page by page would take hours.
    /// </summary>
    private async Task<LogPage> SkipGapAsync(Task<LogPage> read, long upTo, CancellationToken ct)
    {
        var page = await read;
        return page.Events.Count > 0 || page.End >= upTo ? page : page with { End = await reader.SkipGapAsync(page.End, upTo, ct) };
    }

    /// <summary>Fills candidates up to the high-water mark, in one pass over the log.</summary>
    public async Task FillAsync(IReadOnlyList<(ReadModel Model, int Number)> candidates, CancellationToken ct)
    {
        long complete;
        do
        {
            complete = await highWaterMark.LookAsync(ct);
        }
        // Up to one page may be left: under load there are always new events, and the comparison applies the rest.
        while (await FillAsync(candidates, complete, ct) && complete + PageSize < await highWaterMark.LookAsync(ct));
    }

    /// <summary>Fills candidates up to a position. The next page is read while one is written.</summary>
    /// <returns>False if all of them were cancelled or paused.</returns>
    internal async Task<bool> FillAsync(IReadOnlyList<(ReadModel Model, int Number)> candidates, long upTo, CancellationToken ct)
    {
        var positions = await Task.WhenAll(candidates.Select(c => PositionAsync(c.Model, c.Number, ct)));
        if (positions.Min() is not { } position)
        {
            return false;
        }

        var running = candidates.Where((_, i) => positions[i] is not null).ToList();
        var next = PageAsync(position, upTo, ct);
        while (position < upTo && running.Count > 0)
        {
            var after = position;
            LogPage page;
            try
            {
                page = await next;
            }
            catch (UnreadableEventException unreadable)
            {
                logger.LogError(unreadable, "A rebuild is paused before the event at position {Position}", unreadable.Position);
                await Task.WhenAll(running.Select(c => PauseAsync(c.Model, c.Number, unreadable.Position, unreadable, ct)));
                return false;
            }

            next = PageAsync(page.End, upTo, ct);
            var steps = await Task.WhenAll(
                running.Select(c => StepAsync(c.Model, c.Number, page.End, at => Following(at, after, page), ct)));
            running = [.. running.Where((_, i) => steps[i] is not null)];
            position = page.End;
        }

        // The page that was read ahead is not needed: the end is reached, or all candidates were cancelled.
        await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return running.Count > 0;
    }

    private static Task<LogPage> Following(long position, long after, LogPage page) =>
        position < after
            ? throw new InvalidOperationException(
                $"A candidate that was at position {after} is now at {position}: its stored position was moved back. Cancel the rebuild.")
            : Task.FromResult(position == after ? page : page with { Events = [.. page.Events.Where(e => e.Sequence > position)] });

    /// <summary>Reads the position of a candidate; null if it is paused or is no candidate any more.</summary>
    internal async Task<long?> PositionAsync(ReadModel model, int number, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        return await Generation.CandidateAsync(connection, model.Name, locked: false, ct) is { PausedAt: null } candidate
            && candidate.Number == number
                ? candidate.Position
                : null;
    }

    /// <summary>
    /// Writes what a candidate lacks up to a position, in the caller's transaction, which holds its lock, and over the same connection: a
    /// second one could wait for a migration that waits for the lock.
    /// </summary>
    /// <returns>The candidate with its new position.</returns>
    internal async Task<Generation> CatchUpAsync(
        NpgsqlConnection connection, ReadModel model, Generation candidate, long upTo, CancellationToken ct)
    {
        var tables = ReadTables.Generation(model, candidate.Number);
        while (candidate.Position < upTo)
        {
            var page = await reader.ReadAsync(
                candidate.Position, Math.Min(upTo, candidate.Position + PageSize), ct, over: connection);
            candidate = await WriteAsync(connection, model, tables, candidate, page, new(), ct);
        }

        return candidate;
    }

    /// <summary>Writes one page in one transaction.</summary>
    /// <param name="number">Null for the active version.</param>
    /// <returns>Null if this host must not write the generation now.</returns>
    private async Task<Advanced?> StepAsync(
        ReadModel model, int? number, long upTo, Func<long, Task<LogPage>> read, CancellationToken ct, string? log = null,
        bool isLeader = true)
    {
        LogPage page = new([], 0);
        try
        {
            await using var connection = await connections.OpenAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            // Hosts of a later version may have made another model version active; only they write its tables.
            // Read twice: while a switch commits, the first read finds neither the old nor the new active version.
            if (
                (
                    await Generation.LockedAsync(connection, model.Name, number, ct)
                    ?? await Generation.LockedAsync(connection, model.Name, number, ct))
                    is not { PausedAt: null } generation
                || generation.ModelVersion != model.Version
                || (generation.State != GenerationState.Active && !GenerationState.IsCandidate(generation.State)))
            {
                return null;
            }

            if (generation.Position >= upTo)
            {
                return new(generation.Position, 0);
            }

            page = await read(generation.Position);
            if (log is not null && await HighWaterMark.IdentifyAsync(connection, ct) != log)
            {
                // The database was restored while this waited for the lock: position or events belong to the log before the restore.
                throw new LogReplacedException();
            }

            var cached = _caches.Take(generation);
            var written = await WriteAsync(
                connection, model, ReadTables.Generation(model, generation.Number), generation, page, cached, ct);
            await transaction.CommitAsync(ct);
            _caches.Return(written, cached);
            return new(page.End, page.Events.Count);
        }
        catch (Exception failure) when (IsDataFailure(failure))
        {
            return failure is UnreadableEventException { IsOfUnknownType: true } && !isLeader
                ? null
                : await StopBeforeAsync(model, number, page, failure, log, ct);
        }
    }

    /// <summary>Writes rows and position in the caller's transaction, which holds the generation's lock.</summary>
    /// <returns>The generation with its new position.</returns>
    internal async Task<Generation> WriteAsync(
        NpgsqlConnection connection,
        ReadModel model,
        ReadTables tables,
        Generation generation,
        LogPage page,
        ReadModelCache cached,
        CancellationToken ct)
    {
        if (page.Events.Count > 0)
        {
            await model.ProjectAsync(new(connection, generation.HasSums, cached), tables, page.Events, ct);
        }

        return await generation.MoveAsync(connection, page.End, clock.GetUtcNow(), ct);
    }
}
