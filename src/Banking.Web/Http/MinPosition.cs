using System.Globalization;
using Banking.Commands.Decisions;
using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Banking.Web.Http;

/// <summary>
/// Read your own writes: a read that names the Ledger-Position of a write waits until what it is answered from is that far, and says so
/// where it is not. That is the log itself, unless the route <see cref="ReadsFromAttribute">reads from</see> a model which follows it, and
/// then its answer always says how far the model was; or <see cref="ReadsCompleteLogAttribute">only what is complete</see>. A
/// <see cref="ListsFromAttribute">list</see> that is asked for no position waits for the end of the log. A position that the log does
/// not have, of another database or from before a restore, is refused; and any where an answer <see cref="HasNoPositionAttribute">has
/// none</see>.
/// </summary>
public sealed class MinPosition(
    NpgsqlDataSource source, LogEnd log, HighWaterMark mark, DocumentModels documents, ProjectionStates projections, TimeProvider clock)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ListWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>A list waits by itself, so a client that writes and then lists feels each of these pauses.</summary>
    private static readonly TimeSpan ListPause = TimeSpan.FromMilliseconds(10);

    public async Task Middleware(HttpContext http, Func<Task> next)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(next);
        var metadata = http.GetEndpoint()?.Metadata;
        var model = metadata?.GetMetadata<ReadsFromAttribute>()?.Model;
        var list = metadata?.GetMetadata<ListsFromAttribute>()?.Model;
        var header = http.Request.Headers["Ledger-Min-Position"].ToString();
        if (
            (header.Length == 0 && model is null && list is null)
            || !HttpMethods.IsGet(http.Request.Method)
            || http.User.Identity?.IsAuthenticated != true)
        {
            await next();
            return;
        }

        if (metadata?.GetMetadata<HasNoPositionAttribute>() is not null)
        {
            await http.WriteProblemAsync(NoPosition);
            return;
        }

        var wanted = 0L;
        if (header.Length > 0 && !Exact.TryNumber(header, out wanted))
        {
            await http.WriteProblemAsync(
                Problems.Malformed("malformed_position", "Ledger-Min-Position is a number as Ledger-Position gave it."));
            return;
        }

        if (!Preferences.TryWait(http.Request.Headers["Prefer"].ToString(), out var wait))
        {
            await http.WriteProblemAsync(
                Problems.Malformed("malformed_prefer", "Prefer: wait is a whole number of seconds, such as wait=5."));
            return;
        }

        var patience = wait is { } seconds ? TimeSpan.FromSeconds(Math.Min(seconds, LongestWait.TotalSeconds)) : TimeSpan.Zero;
        long reached;
        if (list is not null)
        {
            (reached, wanted) = await ListedAsync(
                list, header.Length > 0 ? wanted : null, wait is null ? ListWait : patience, http.RequestAborted);
        }
        else
        {
            Func<CancellationToken, Task<long>> look = model is not null ? ct => ServedAsync(model, ct)
                : metadata?.GetMetadata<ReadsCompleteLogAttribute>() is not null ? mark.LookAsync
                : log.ReadAsync;
            reached = await WaitAsync(look, wanted, patience, http.RequestAborted);
        }

        if (reached < wanted
            && PositionBeyondEnd.Problem("Ledger-Min-Position", wanted, await log.ReadAsync(http.RequestAborted)) is { } problem)
        {
            await http.WriteProblemAsync(problem);
            return;
        }

        http.Response.Headers[HttpAnswers.LedgerPosition] = reached.ToString(CultureInfo.InvariantCulture);
        if (reached < wanted)
        {
            http.Response.Headers["Ledger-Stale"] = "true";
        }

        await next();
    }

    private async Task<long> WaitAsync(Func<CancellationToken, Task<long>> look, long wanted, TimeSpan patience, CancellationToken ct)
    {
        var since = clock.GetTimestamp();
        var reached = await look(ct);
        while (reached < wanted && clock.GetElapsedTime(since) < patience)
        {
            await Task.Delay(Pause, clock, ct);
            reached = await look(ct);
        }

        return reached;
    }

    /// <param name="wanted">Null for the end of the log as it is now.</param>
    private async Task<(long Reached, long Wanted)> ListedAsync(string list, long? wanted, TimeSpan patience, CancellationToken ct)
    {
        var model = documents.Find(list) ?? throw new InvalidOperationException($"There is no document read model '{list}'.");
        var since = clock.GetTimestamp();
        var status = await projections.OfAsync(model, ct);
        var target = wanted ?? status.End;
        // One that has stopped, or is rebuilt, does not come that far in a moment.
        while (status.Position < target && status is { PausedAt: null, IsRebuildDue: false } && clock.GetElapsedTime(since) < patience)
        {
            await Task.Delay(ListPause, clock, ct);
            status = await projections.OfAsync(model, ct);
        }

        return (status.Position, target);
    }

    private static Refusal NoPosition => Problems.Malformed(
        "min_position_not_supported",
        "Ledger-Min-Position is not for this address: what it answers is written after the log, and it is not known up to which position.");

    private async Task<long> ServedAsync(string model, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select coalesce(max(position), 0) from {Generation.Table} where name = $1 and state = '{GenerationState.Serving}'");
        command.Parameters.Add(new() { Value = model });
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
