using Banking.EmbeddedPostgres.Backups;
using Banking.Host.Backups;
using Banking.Web.Backups;

namespace Banking.Host.Tests;

/// <summary>When drills of a restore make a served bank unhealthy. That health shows it is in <see cref="BackupCommandTests"/>.</summary>
public sealed class BackupHealthTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("7.00:00:00", "14.00:00:00", false)]
    [InlineData("7.00:00:00", "14.00:00:01", true)]
    [InlineData("00:01:00", "01:01:00", false)] // an hour at least, because a drill itself takes some time
    [InlineData("00:01:00", "01:01:01", true)]
    public void A_drill_is_overdue_a_second_interval_after_it_was_due(string interval, string passed, bool isOverdue) =>
        Assert.Equal(isOverdue, DrillSchedule.IsOverdueSince(Start, Start + TimeSpan.Parse(passed, null), TimeSpan.Parse(interval, null)));

    [Theory]
    [InlineData(null, false, null)]
    [InlineData(true, false, null)]
    [InlineData(null, true, "The drill of a restore is overdue; see /ops/backups.")]
    [InlineData(true, true, "The drill of a restore is overdue; see /ops/backups.")]
    [InlineData(false, true, "The last drill of a restore failed; see /ops/backups.")]
    public void An_overdue_drill_and_a_failed_one_are_problems(bool? succeeded, bool isOverdue, string? problem)
    {
        var status = new BackupStatus(
            "backups", "backups", Archive: null, Bases: [], IsRunning: false, HasGap: false, Problem: null);
        var last = succeeded is { } hasSucceeded ? new RestoreDrilled(hasSucceeded, 1, "report", Start) : null;

        Assert.Equal(
            problem, BackupHealth.FindProblem(status, last, isOverdue, Start, Start.AddSeconds(10), TimeSpan.FromDays(1)));
    }
}
