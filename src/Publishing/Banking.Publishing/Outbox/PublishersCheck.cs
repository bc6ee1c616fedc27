using System.Globalization;
using Banking.Commands.Periods;

namespace Banking.Publishing.Outbox;

/// <summary>
/// Checks that every destination has the events that were recorded in the period. Events of blocked accounts count as delivered, as for
/// the checkpoint: operators see them in the outbox.
/// </summary>
internal sealed class PublishersCheck(OutboxView outbox) : IPeriodCheck
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private const int MaxPolls = 100;

    public string Name => "publishers";

    public async Task<PeriodCheckResult> RunAsync(ClosingPeriod period, CancellationToken ct)
    {
        for (var poll = 1; ; poll++)
        {
            // A destination that is no longer configured keeps its checkpoint, and receives nothing.
            var behind = (await outbox.LookAsync(ct)).Items.Where(d => d.Configured && d.Position < period.LastRecorded).ToList();
            if (behind.Count == 0)
            {
                return PeriodCheckResult.Of(true, "Every destination has the events that were recorded in the period.");
            }

            if (poll == MaxPolls)
            {
                return PeriodCheckResult.Of(
                    false, "A destination lacks events that were recorded in the period. GET /ops/outbox says why.",
                    [.. behind.Select(d => (d.Name, string.Create(CultureInfo.InvariantCulture, $"at {d.Position}")))]);
            }

            await Task.Delay(PollInterval, ct);
        }
    }
}
