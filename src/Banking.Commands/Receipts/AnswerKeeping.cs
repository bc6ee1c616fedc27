using System.Globalization;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Commands.Receipts;

/// <summary>How long answers are stored. Section Banking:Idempotency of the settings.</summary>
public sealed record IdempotencySettings
{
    public const string Section = "Banking:Idempotency";

    /// <summary>Number of days after which the answers of a month are dropped, counted from its end. Null: never.</summary>
    public int? KeepAnswersDays { get; init; }

    /// <exception cref="FormatException">The value is too small.</exception>
    public static IdempotencySettings Of(IConfiguration configuration)
    {
        var days = configuration.GetValue<int?>($"{Section}:{nameof(KeepAnswersDays)}");
        return days is null or >= AnswerTable.MinDays
            ? new() { KeepAnswersDays = days }
            : throw new FormatException(
                $"{Section}:{nameof(KeepAnswersDays)} must be at least {AnswerTable.MinDays}, not {days}. "
                    + "Remove it to keep answers for ever.");
    }
}

/// <summary>Creates the partitions of stored answers ahead of time, and drops those that have expired; at the start, then hourly.</summary>
public sealed class AnswerKeeping(NpgsqlDataSource source, IdempotencySettings settings, ILogger<AnswerKeeping> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>Runs once. Returns the months whose answers were dropped.</summary>
    public async Task<IReadOnlyList<DateOnly>> RunAsync(CancellationToken ct)
    {
        var dropped = await source.ListAsync(
            AnswerTable.Keep, [settings.KeepAnswersDays ?? 0], row => row.GetFieldValue<DateOnly>(0), ct);
        foreach (var month in dropped)
        {
            log.LogInformation(
                "Dropped the stored answers of {Month}. A repeat of a command of that month is answered as things are now.",
                month.ToString("yyyy-MM", CultureInfo.InvariantCulture));
        }

        return dropped;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => PeriodicLoop.RunAsync(
        Interval,
        RunAsync,
        failure => log.LogWarning(
            failure, "The partitions of stored answers could not be maintained; retrying in an hour. Commands are not affected."),
        stoppingToken,
        atOnce: true);
}
