using System.Globalization;
using Banking.Commands.Periods;

namespace Banking.ReadModels.Lags;

/// <summary>Checks that every read model works and includes all events up to the position of the check.</summary>
internal sealed class ModelsCheck(ReadModelLag lag) : IPeriodCheck
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private const int MaxPolls = 100;

    public string Name => "read-models";

    public async Task<PeriodCheckResult> RunAsync(ClosingPeriod period, CancellationToken ct)
    {
        for (var poll = 1; ; poll++)
        {
            var (lags, _) = await lag.LookAsync(ct);
            var behind = lags.Where(l => l.Position < period.Position || l.Stalled is not null).ToList();
            if (behind.Count == 0)
            {
                return PeriodCheckResult.Of(true, "Every read model includes all events of the period.");
            }

            // One that is paused or failed does not move by itself.
            if (poll == MaxPolls || behind.Exists(l => l.Stalled is not null))
            {
                return PeriodCheckResult.Of(
                    false, "A read model is paused, or behind the log. GET /ops/projections says why.",
                    [.. behind.Select(l => (l.Model, l.Stalled ?? string.Create(CultureInfo.InvariantCulture, $"at {l.Position}")))]);
            }

            await Task.Delay(PollInterval, ct);
        }
    }
}
