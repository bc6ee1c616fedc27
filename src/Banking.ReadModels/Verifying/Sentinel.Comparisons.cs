using Banking.ReadModels.Comparing;

namespace Banking.ReadModels.Verifying;

// What one run of the sentinel compares.
public sealed partial class Sentinel
{
    /// <summary>Streams per comparison.</summary>
    private const int BatchSize = 10;

    /// <summary>
    /// Number of runs after which sums are computed again from the first row: rows may have changed after they were added.
    /// </summary>
    private const int ResetEvery = 100;

    /// <summary>Pause after each comparison, as a multiple of its duration.</summary>
    private const int PauseFactor = 4;

    /// <summary>Compares the next streams in turn, the streams that changed last, and the streams of open differences.</summary>
    private async Task CompareStreamsAsync(SentinelRun run, CancellationToken ct)
    {
        var next = await _sizes.AfterAsync(_place.Stream, _settings.Streams, ct);
        var inTurn = SelectWithinLimit(next, inTurn: true);
        // Start again after the last stream.
        var isLast = inTurn.Count == next.Count && next.Count < _settings.Streams;
        var (after, end) = (_place.Stream, isLast ? Guid.AllBitsSet : inTurn[^1]);
        // Move on first: a failing stream must not block all later runs.
        _place = isLast ? _place with { Stream = Guid.Empty, PassedAt = _clock.GetUtcNow() } : _place with { Stream = end };
        List<Guid[]> parts = [.. inTurn.Chunk(BatchSize)];
        for (var i = 0; i < Math.Max(1, parts.Count); i++)
        {
            Guid[] batch = i < parts.Count ? parts[i] : [];
            var upTo = i < parts.Count - 1 ? batch[^1] : end;
            await CompareAsync(run, batch, StreamSelection.Between(after, upTo), ct);
            after = upTo;
        }

        var latest = SelectWithinLimit(await _sizes.LatestAsync(_settings.Streams, ct), inTurn: false);
        foreach (var batch in latest.Union(run.Before.Open.Select(d => d.Stream).OfType<Guid>()).Except(inTurn).Chunk(BatchSize))
        {
            await CompareAsync(run, batch, StreamSelection.Of(batch), ct);
        }
    }

    private async Task CompareAsync(SentinelRun run, Guid[] batch, StreamSelection selection, CancellationToken ct)
    {
        var since = _clock.GetTimestamp();
        run.Add((await _verification.CompareAsync(selection, batch, _settings.LargestStream, ct)).Differences);
        run.Streams += batch.Length;
        // Small batches with pauses, so that requests to the bank do not get slower.
        await Task.Delay(_clock.GetElapsedTime(since) * PauseFactor, _clock, ct);
    }

    private async Task FindOrphanRowsAsync(SentinelRun run, CancellationToken ct)
    {
        var after = _place.Position ?? long.MinValue;
        var end = await _verification.EndAsync(ct);
        var upTo = Math.Max(0, after) + _settings.Positions;
        // Skip a gap in the positions within one run, whatever its size.
        upTo = upTo < end ? await _log.SkipGapAsync(upTo, end, ct) : upTo;
        var isLast = upTo >= end;
        _place = _place with { Position = isLast ? null : upTo };
        run.Add(await _verification.FindOrphanRowsAsync(after, isLast ? long.MaxValue : upTo, ct));
        foreach (var position in run.Before.Open.Select(SentinelRun.PositionOf).OfType<long>().Distinct())
        {
            run.Add(await _verification.FindOrphanRowsAsync(position - 1, position, ct));
        }
    }

    private async Task CompareReceiptsAsync(SentinelRun run, CancellationToken ct)
    {
        var shares = await IdShares.CountAsync(_source, _settings.Positions, ct);
        _place = _place with { Share = (_place.Share + 1) % shares };
        run.Add(await _verification.OfIdsAsync(IdShares.Of(_place.Share, shares), ct));
        if (run.Before.Open.Select(d => d.Id).OfType<Guid>().ToArray() is { Length: > 0 } ids)
        {
            run.Add(await _verification.OfIdsAsync(StreamSelection.Of(ids), ct));
        }
    }

    private async Task CompareSumsAsync(SentinelRun run, CancellationToken ct)
    {
        foreach (var (model, tracker) in _trackers)
        {
            if ((run.Before.Looks + 1) % ResetEvery == 0)
            {
                tracker.Reset();
            }

            if (await _verification.SumsAsync(model, tracker, TimeSpan.FromSeconds(_settings.IntervalSeconds), _clock, ct) is { } found)
            {
                run.Add(found);
            }
            else
            {
                // The comparison did not finish in time: earlier differences may still exist.
                run.Add(run.Before.Open.Where(d => d.Model == model.Name && d.Table == tracker.Table));
            }
        }
    }

    /// <summary>Compares sums by chunk: the newest, the next in turn, and those of open differences.</summary>
    private async Task CompareChunksAsync(SentinelRun run, CancellationToken ct)
    {
        foreach (var model in _verification.Models)
        {
            foreach (var table in model.Tables.Where(t => t.Derivation is { ChunkPositions: > 0 }))
            {
                var open = run.Before.Open.Where(d => d.Model == model.Name && d.Table == table.Name)
                    .Select(SentinelRun.ChunkOf).OfType<long>();
                run.Add(await _verification.ChunksAsync(model, table, run.Before.Looks, open, ct));
            }
        }
    }

    private async Task CompareBankAsync(SentinelRun run, CancellationToken ct)
    {
        if (run.Before.Looks % _settings.BankEvery == 0 || run.HasDifferences || run.Before.Open.Count > 0)
        {
            run.Add(await _verification.BankAsync(ct));
        }
    }

    /// <summary>Selects streams up to the maximum number of events of a run; always the first.</summary>
    /// <param name="inTurn">Stops at the first stream that exceeds the limit instead of skipping it.</param>
    private List<Guid> SelectWithinLimit(IReadOnlyList<StreamSize> streams, bool inTurn)
    {
        var (ids, events) = (new List<Guid>(), 0L);
        foreach (var stream in streams)
        {
            var compared = stream.Events <= _settings.LargestStream ? stream.Events : Math.Min(stream.Events, StreamSizes.LastOfLong);
            if (ids.Count == 0 || events + compared <= _settings.Events)
            {
                events += compared;
                ids.Add(stream.Id);
            }
            else if (inTurn)
            {
                break;
            }
        }

        return ids;
    }
}
