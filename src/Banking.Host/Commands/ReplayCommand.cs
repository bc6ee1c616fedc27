using System.Globalization;
using Banking.Platform.ReadModels;
using Banking.SharedKernel;
using Spectre.Console;

namespace Banking.Host.Commands;

/// <summary>
/// <c>projections replay NAME --into scratch_X [--account acc_…] [--from INSTANT] [--to INSTANT]</c>: projects a portion of the log into a schema
/// of its own, for looking at.
/// </summary>
internal static class ReplayCommand
{
    public const string Usage = "projections replay NAME --into scratch_NAME [--account acc_…] [--from INSTANT] [--to INSTANT]: instants with an offset, the first before the second.";

    public static async Task<int> RunAsync(string[] args)
    {
        var (schema, rest) = OpenBank.Option(args, "--into");
        (var account, rest) = OpenBank.Option(rest, "--account");
        (var from, rest) = OpenBank.Option(rest, "--from");
        (var to, rest) = OpenBank.Option(rest, "--to");
        var stream = Guid.Empty;
        DateTimeOffset? first = null, end = null;
        if (rest is not [var name, .. var settings] || !Replay.IsScratch(schema)
            || (account is not null && !PublicId.TryParse("acc", account, out stream)) || !TryInstant(from, out first) || !TryInstant(to, out end)
            || first >= end)
        {
            return await OpenBank.WrongAsync(Usage);
        }

        return await OpenBank.RunAsync(settings, async (services, ct) =>
        {
            if (services.GetServices<ReadModel>().FirstOrDefault(m => m.Name == name) is not { } model)
            {
                return await OpenBank.WrongAsync($"There is no read model '{name}': {string.Join(", ", services.GetServices<ReadModel>().Select(m => m.Name))}.");
            }

            var replay = services.GetRequiredService<Replay>();
            var portion = new ReplayPortion(account is null ? null : stream, first, end);
            var made = Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive
                ? await replay.RunAsync(model, schema!, portion, (_, _) => { }, ct)
                : await AnsiConsole.Progress().StartAsync(context =>
                {
                    var task = context.AddTask("Replaying", maxValue: 100);
                    return replay.RunAsync(model, schema!, portion, (done, all) => task.Value(100.0 * done / Math.Max(1, all)), ct);
                });
            Console.WriteLine($"{made.Events} events in schema {made.Schema}: {string.Join(", ", made.Rows.Select(r => $"{r.Key} {r.Value.ToString(CultureInfo.InvariantCulture)} rows"))}");
            return 0;
        });
    }

    private static bool TryInstant(string? text, out DateTimeOffset? instant)
    {
        instant = text is null ? null : Instants.Parse(text, null) is InstantResult.Instant found ? found.Value : DateTimeOffset.MaxValue;
        return instant != DateTimeOffset.MaxValue;
    }
}
