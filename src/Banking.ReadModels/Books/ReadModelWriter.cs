using Banking.Commands.Operators;
using Banking.Commands.Receipts;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>How far a generation got.</summary>
/// <param name="Position">The last event in it.</param>
/// <param name="Events">How many were written just now.</param>
public sealed record Advanced(long Position, int Events);

/// <summary>
/// Brings a generation of a read model forward: rows and position in one transaction, so that each event is in it once, whoever brings it
/// and however often. An event that cannot be projected stops its own model right before it and no other.
/// </summary>
public sealed class ReadModelWriter(
    ReadModelConnections connections,
    LogReader reader,
    EventCache tail,
    HighWaterMark mark,
    ReadModelLog journal,
    TimeProvider clock,
    ILogger<ReadModelWriter> logger)
{
    public const int PageSize = 2_000;

    private readonly ReadModelCaches _memories = new();

    /// <summary>Brings the serving generation up to a position, up to which the log must be complete.</summary>
    /// <param name="log">The log in which it is, as <see cref="HighWaterMark.Server"/> named it before; null where no restore can have replaced
    /// it since.</param>
    /// <returns>Where it is; null where it has stopped, or is not to be written by this host.</returns>
    /// <exception cref="LogReplacedException">The database was restored since: nothing was written.</exception>
    public async Task<Advanced?> ServeAsync(ReadModel model, long upTo, CancellationToken ct, string? log = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        Advanced? last;
        do
        {
            last = await StepAsync(
                model,
                null,
                upTo,
                position => PassAsync(tail.ReadAsync(position, Math.Min(upTo, position + PageSize), ct, log), upTo, ct),
                ct,
                log);
        } while (last is not null && last.Position < upTo);
        return last;
    }

    private Task<LogPage> PageAsync(long after, long upTo, CancellationToken ct) =>
        PassAsync(reader.ReadAsync(after, Math.Min(upTo, after + PageSize), ct), upTo, ct);

    /// <summary>
    /// An empty page goes on to the next event. A sequence that was set forward, or an event whose position was changed, leaves millions of
    /// numbers without an event, and a page for each few of them would take hours.
    /// </summary>
    private async Task<LogPage> PassAsync(Task<LogPage> read, long upTo, CancellationToken ct)
    {
        var page = await read;
        return page.Events.Count > 0 || page.End >= upTo ? page : page with { End = await reader.PassAsync(page.End, upTo, ct) };
    }

    /// <summary>Brings generations that are being made to the end of the log as far as that is complete, all in one pass.</summary>
    public async Task FillAsync(IReadOnlyList<(ReadModel Model, int Number)> coming, CancellationToken ct)
    {
        long complete;
        do
        {
            complete = await mark.LookAsync(ct);
        }
        // But for the last page: under load there is always something new, and what is left is done when the two are compared.
        while (await FillAsync(coming, complete, ct) && complete + PageSize < await mark.LookAsync(ct));
    }

    /// <summary>Brings generations that are being made to a position; the next page is read while one is written.</summary>
    /// <returns>False once all of them were cancelled or stopped.</returns>
    internal async Task<bool> FillAsync(IReadOnlyList<(ReadModel Model, int Number)> coming, long upTo, CancellationToken ct)
    {
        var positions = await Task.WhenAll(coming.Select(c => PositionAsync(c.Model, c.Number, ct)));
        if (positions.Min() is not { } position)
        {
            return false;
        }

        var going = coming.Where((_, i) => positions[i] is not null).ToList();
        var next = PageAsync(position, upTo, ct);
        while (position < upTo && going.Count > 0)
        {
            var after = position;
            LogPage page;
            try
            {
                page = await next;
            }
            catch (UnreadableEventException unreadable)
            {
                logger.LogError(unreadable, "A rebuild stops before position {Position}", unreadable.Position);
                await Task.WhenAll(going.Select(c => PauseAsync(c.Model, c.Number, unreadable.Position, unreadable, ct)));
                return false;
            }

            next = PageAsync(page.End, upTo, ct);
            var steps = await Task.WhenAll(going.Select(c => StepAsync(c.Model, c.Number, page.End, at => Following(at, after, page), ct)));
            going = [.. going.Where((_, i) => steps[i] is not null)];
            position = page.End;
        }

        // Nothing is after the end; and where all were given up, nobody wants to know.
        await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return going.Count > 0;
    }

    private static Task<LogPage> Following(long position, long after, LogPage page) =>
        position < after
            ? throw new InvalidOperationException(
                $"A generation is at {position}, where one that had {after} was left: somebody moved it back.")
            : Task.FromResult(position == after ? page : page with { Events = [.. page.Events.Where(e => e.Sequence > position)] });

    /// <summary>Where a generation is that is being made and goes on; null otherwise.</summary>
    internal async Task<long?> PositionAsync(ReadModel model, int number, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        return
            await Generation.CandidateAsync(connection, model.Name, locked: false, ct) is { PausedAt: null } coming && coming.Number == number
            ? coming.Position
            : null;
    }

    /// <summary>One transaction: null where the generation is not to be written by this host, now.</summary>
    /// <param name="number">Null for the serving one.</param>
    private async Task<Advanced?> StepAsync(
        ReadModel model, int? number, long upTo, Func<long, Task<LogPage>> read, CancellationToken ct, string? log = null)
    {
        LogPage page = new([], 0);
        try
        {
            await using var connection = await connections.OpenAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            // Of another version is also one that a later version of this bank serves: its tables are not ours to write.
            // Asked twice: while a switch commits, the first look finds neither the one that served nor the one that will.
            if (
                (
                    await Generation.LockedAsync(connection, model.Name, number, ct)
                    ?? await Generation.LockedAsync(connection, model.Name, number, ct))
                    is not { PausedAt: null } generation
                || generation.ModelVersion != model.Version
                || generation.State is not (GenerationState.Serving or GenerationState.Building or GenerationState.Differs))
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
                // The lock was waited for until a restore was over, and the position or the events are of the log before it.
                throw new LogReplacedException();
            }

            var memory = _memories.Take(generation);
            var written = await WriteAsync(
                connection, model, ReadTables.Generation(model, generation.Number), generation, page, memory, ct);
            await transaction.CommitAsync(ct);
            _memories.Give(written, memory);
            return new(page.End, page.Events.Count);
        }
        catch (Exception failure) when (IsOfTheData(failure))
        {
            return await StopBeforeAsync(model, number, page, failure, log, ct);
        }
    }

    /// <summary>Rows and position, in the caller's transaction, which holds the generation's lock.</summary>
    /// <returns>The generation as it is then.</returns>
    internal async Task<Generation> WriteAsync(
        NpgsqlConnection connection,
        ReadModel model,
        ReadTables tables,
        Generation generation,
        LogPage page,
        ReadModelCache memory,
        CancellationToken ct)
    {
        if (page.Events.Count > 0)
        {
            await model.ProjectAsync(new(connection, generation.HasSums, memory), tables, page.Events, ct);
        }

        return await generation.MovedAsync(connection, page.End, clock.GetUtcNow(), ct);
    }

    /// <summary>Goes on one event at a time up to the one that fails, and pauses there.</summary>
    private async Task<Advanced?> StopBeforeAsync(
        ReadModel model, int? number, LogPage page, Exception failure, string? log, CancellationToken ct)
    {
        if (page.Events.Count > 1)
        {
            foreach (var e in page.Events)
            {
                var one = await StepAsync(
                    model, number, e.Sequence, at => Task.FromResult(new LogPage(e.Sequence > at ? [e] : [], e.Sequence)), ct, log);
                if (one is null)
                {
                    return null;
                }
            }

            return new(page.Events[^1].Sequence, page.Events.Count);
        }

        var position = page.Events.Count == 1 ? page.Events[0].Sequence : (failure as UnreadableEventException)?.Position;
        logger.LogError(failure, "The read model {Model} stops before position {Position}", model.Name, position);
        await PauseAsync(model, number, position, failure, ct);
        return null;
    }

    private async Task PauseAsync(ReadModel model, int? number, long? at, Exception failure, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await Generation.LockedAsync(connection, model.Name, number, ct) is not { PausedAt: null } generation)
        {
            return;
        }

        await ReadModelSchema.ExecuteAsync(
            connection,
            $"update {Generation.Table} set paused_at = $3, pause_reason = $4, pause_position = $5, updated_at = $3 where name = $1 and generation = $2",
            model.Name, generation.Number, clock.GetUtcNow(), failure.Message, (object?)at ?? DBNull.Value);
        await journal.RecordAsync(
            transaction,
            model.Name,
            new ReadModelPaused(model.Name, generation.Number, at ?? generation.Position, failure.Message, clock.GetUtcNow()),
            OperatorAction.OfTheBank("stopped before an event that cannot be projected"),
            ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>
    /// Lets the serving generation, or the one that is coming, go on that stopped before an event. Its number; null where none has stopped.
    /// </summary>
    public async Task<int?> ResumeAsync(ReadModel model, OperatorAction action, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(model);
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var paused = await Generation.ActiveAsync(connection, model.Name, locked: true, ct) is { PausedAt: not null } serving ? serving
            : await Generation.CandidateAsync(connection, model.Name, locked: true, ct) is { PausedAt: not null } coming ? coming
            : null;
        if (paused is null)
        {
            return null;
        }

        await ReadModelSchema.ExecuteAsync(
            connection,
            $"update {Generation.Table} set paused_at = null, pause_reason = null, pause_position = null where name = $1 and generation = $2",
            model.Name,
            paused.Number);
        await journal.RecordAsync(transaction, model.Name, new ReadModelResumed(model.Name, paused.Number, clock.GetUtcNow()), action, ct);
        await transaction.CommitAsync(ct);
        return paused.Number;
    }

    /// <summary>
    /// What another attempt would only repeat: the event, the code that projects it, a row that the tables refuse. A database that is away,
    /// or busy, is tried again by whoever called.
    /// </summary>
    internal static bool IsOfTheData(Exception failure) => failure switch
    {
        PostgresException { SqlState: var state } => state[..2] is "22" or "23" or "42",
        _ => !Failures.IsTransient(failure) && failure is not (OperationCanceledException or ObjectDisposedException or LogReplacedException),
    };
}
