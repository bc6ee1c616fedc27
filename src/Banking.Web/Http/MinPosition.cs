using System.Globalization;
using Banking.Commands.Decisions;
using Banking.EventStore.Epochs;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Banking.Web.Http;

/// <summary>
/// Read your own writes: a read with Ledger-Min-Position waits until its source has reached that position, and the answer states the
/// position reached. The source is the log, or the model that the route <see cref="ReadsFromAttribute">reads from</see>, or the log
/// <see cref="ReadsCompleteLogAttribute">up to its high-water mark</see>. With its epoch, epoch:position, it is refused in another epoch.
/// <para>
/// A <see cref="ListsFromAttribute">list</see> without a given position waits for the end of the log. A position beyond the end of the log,
/// from another database or from before a restore, is refused; so is any position if the answer <see cref="HasNoPositionAttribute">has
/// none</see>.
/// </para>
/// <para>
/// An answer of a model about what was <see cref="KnownAtQuery">known at</see> an instant waits, as a list does, until the model has
/// everything that was recorded by then: the answer is final, or has Ledger-Stale. (The clocks of two hosts may differ by some
/// seconds; until these are over an answer may change.)
/// </para>
/// <para>A change with Ledger-Min-Position is refused if the log does not have the position, and otherwise does not wait.</para>
/// </summary>
public sealed class MinPosition(
    NpgsqlDataSource source,
    LogEnd log,
    LogEpochs epochs,
    HighWaterMark highWaterMark,
    KnownPosition known,
    DocumentModels documents,
    ProjectionStates projections,
    TimeProvider clock)
{
    private const string Header = "Ledger-Min-Position";

    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ListWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Lists wait without being asked, so a client that writes and then lists is delayed by each of these pauses.</summary>
    private static readonly TimeSpan ListPause = TimeSpan.FromMilliseconds(10);

    public Task Middleware(HttpContext http, Func<Task> next)
    {
        var header = http.Request.Headers[Header].ToString();
        return http.User.Identity?.IsAuthenticated != true ? next()
            : HttpMethods.IsGet(http.Request.Method) ? ReadAsync(http, next, header)
            : header.Length == 0 ? next()
            : ChangeAsync(http, next, header);
    }

    private async Task ReadAsync(HttpContext http, Func<Task> next, string header)
    {
        var metadata = http.GetEndpoint()?.Metadata;
        var model = metadata?.GetMetadata<ReadsFromAttribute>()?.Model;
        var list = metadata?.GetMetadata<ListsFromAttribute>()?.Model;
        if (header.Length == 0 && model is null && list is null)
        {
            await next();
            return;
        }

        if (metadata?.GetMetadata<HasNoPositionAttribute>() is not null)
        {
            await http.WriteProblemAsync(NoPosition);
            return;
        }

        var (wanted, wait, problem) = ReadRequest(http.Request, header);
        if (problem is not null)
        {
            await http.WriteProblemAsync(problem);
            return;
        }

        var began = clock.GetTimestamp();
        var (reached, target) = list is not null
            ? await WaitForListAsync(list, wanted, wait ?? ListWait, http.RequestAborted)
            : await ReachAsync(metadata, model, wanted ?? 0, wait ?? TimeSpan.Zero, http.RequestAborted);
        if (reached < target
            && PositionBeyondEnd.Problem(Header, target, await log.ReadAsync(http.RequestAborted)) is { } beyondEnd)
        {
            await http.WriteProblemAsync(beyondEnd);
            return;
        }

        var isKnown = true;
        if (model is not null && KnownAtQuery.Read(http.Request, clock.GetUtcNow()) is ({ } knownAt, _))
        {
            var left = (wait ?? ListWait) - clock.GetElapsedTime(began);
            (reached, isKnown) = await WaitForKnownAsync(model, knownAt, reached, left, http.RequestAborted);
        }

        WriteHeaders(http.Response, reached, isStale: reached < target || !isKnown);
        await next();
    }

    /// <summary>
    /// A change is decided on the log as it is, so it only needs a log that has the position: not a restored one, which lacks what the
    /// caller has seen.
    /// </summary>
    private async Task ChangeAsync(HttpContext http, Func<Task> next, string header)
    {
        var (position, problem) = ReadPosition(header);
        problem ??= PositionBeyondEnd.Problem(Header, position, await log.ReadAsync(http.RequestAborted));
        await (problem is null ? next() : http.WriteProblemAsync(problem));
    }

    private (long Position, Refusal? Problem) ReadPosition(string header) =>
        LedgerEpochs.ReadPosition(epochs.History, Header, header, "a position that Ledger-Position gave");

    private static void WriteHeaders(HttpResponse response, long reached, bool isStale)
    {
        response.Headers[HttpAnswers.LedgerPosition] = reached.ToString(CultureInfo.InvariantCulture);
        if (isStale)
        {
            response.Headers[HttpAnswers.LedgerStale] = "true";
        }
    }

    /// <summary>Reads the requested position, null if there is none, and the requested time to wait; or the problem of a header.</summary>
    private (long? Wanted, TimeSpan? Wait, Refusal? Problem) ReadRequest(HttpRequest request, string header)
    {
        var (wanted, problem) = header.Length == 0
            ? (0, null)
            : ReadPosition(header);
        if (problem is not null)
        {
            return (null, null, problem);
        }

        if (!Preferences.TryWait(request.Headers["Prefer"].ToString(), out var seconds))
        {
            return (null, null, Refusal.Malformed(
                "malformed_prefer", "Prefer: wait must be a whole number of seconds, such as wait=5."));
        }

        TimeSpan? wait = seconds is null ? null : TimeSpan.FromSeconds(Math.Min(seconds.Value, MaxWait.TotalSeconds));
        return (header.Length > 0 ? wanted : null, wait, null);
    }

    /// <summary>Waits for the position at the source of the answer. Returns the position reached and the one waited for.</summary>
    private async Task<(long Reached, long Target)> ReachAsync(
        EndpointMetadataCollection? metadata, string? model, long wanted, TimeSpan wait, CancellationToken ct)
    {
        Func<CancellationToken, Task<long>> look = model is not null ? token => ReadModelPositionAsync(model, token)
            : metadata?.GetMetadata<ReadsCompleteLogAttribute>() is not null ? highWaterMark.LookAsync
            : log.ReadAsync;
        return (await WaitAsync(look, wanted, wait, Pause, ct), wanted);
    }

    /// <summary>Waits until the model has everything that was recorded by an instant. Returns the position reached.</summary>
    private async Task<(long Reached, bool IsComplete)> WaitForKnownAsync(
        string model, DateTimeOffset knownAt, long reached, TimeSpan maxWait, CancellationToken ct)
    {
        var since = clock.GetTimestamp();
        if (await known.FindAsync(knownAt, reached, maxWait, ct) is not { } target)
        {
            return (reached, false);
        }

        if (reached >= target)
        {
            return (reached, true);
        }

        // A paused model does not reach the position in a moment.
        var left = await MovesAsync(model, ct) ? maxWait - clock.GetElapsedTime(since) : TimeSpan.Zero;
        reached = await WaitAsync(token => ReadModelPositionAsync(model, token), target, left, ListPause, ct);
        return (reached, reached >= target);
    }

    private Task<bool> MovesAsync(string model, CancellationToken ct) => source.ScalarAsync<bool>(
        $"select exists (select from {Generation.Table} where name = $1 and state = '{GenerationState.Active}' and paused_at is null)",
        [model], ct);

    private async Task<long> WaitAsync(
        Func<CancellationToken, Task<long>> look, long wanted, TimeSpan maxWait, TimeSpan pause, CancellationToken ct)
    {
        var since = clock.GetTimestamp();
        var reached = await look(ct);
        while (reached < wanted && clock.GetElapsedTime(since) < maxWait)
        {
            await Task.Delay(pause, clock, ct);
            reached = await look(ct);
        }

        return reached;
    }

    /// <param name="wanted">Null for the current end of the log.</param>
    private async Task<(long Reached, long Wanted)> WaitForListAsync(string list, long? wanted, TimeSpan maxWait, CancellationToken ct)
    {
        var model = documents.Find(list) ?? throw new InvalidOperationException($"There is no document read model '{list}'.");
        var since = clock.GetTimestamp();
        var status = await projections.OfAsync(model, ct);
        var target = wanted ?? status.End;
        // A paused model, or one that is rebuilt, does not reach the position in a moment.
        while (status.Position < target && status is { PausedAt: null, IsRebuildDue: false } && clock.GetElapsedTime(since) < maxWait)
        {
            await Task.Delay(ListPause, clock, ct);
            status = await projections.OfAsync(model, ct);
        }

        return (status.Position, target);
    }

    private static Refusal NoPosition => Refusal.Malformed(
        "min_position_not_supported",
        "This address does not support Ledger-Min-Position: its data is written after the log, and the position reached is unknown.");

    private Task<long> ReadModelPositionAsync(string model, CancellationToken ct) => source.ScalarAsync<long>(
        $"select coalesce(max(position), 0) from {Generation.Table} where name = $1 and state = '{GenerationState.Active}'", [model], ct);
}
