using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Banking.ReadModels.Books;
using Banking.ReadModels.Replaying;
using Banking.SharedKernel;
using Spectre.Console;

namespace Banking.Host.Commands;

/// <summary>
/// <c>projections replay NAME --into scratch_X [--account acc_…] [--from INSTANT] [--to INSTANT]</c>: projects part of the log into a
/// scratch schema for inspection.
/// </summary>
internal static class ReplayCommand
{
    public static Command Create(string[] settings)
    {
        var name = new Argument<string>("NAME") { Description = "a name from the list" };
        var into = new Option<string>("--into") { Description = "the schema to create", HelpName = "scratch_NAME", Required = true };
        into.Validators.Add(r =>
            Check(r, Replay.IsScratch(r.GetValue(into)), "--into: a schema name is scratch_ followed by a-z, 0-9 or _."));
        var account = new Option<string>("--account") { Description = "only the events of one account", HelpName = "acc_ID" };
        account.Validators.Add(r =>
            Check(r, PublicId.TryParse("acc", r.GetValue(account), out _), "--account: an id such as acc_ and 32 hexadecimal digits."));
        var from = Instant("--from", "only events recorded at or after this instant");
        var to = Instant("--to", "only events recorded before this instant");
        var command = new Command("replay", "projects part of the log into a scratch schema for inspection")
        {
            name,
            into,
            account,
            from,
            to,
        };
        command.Validators.Add(r =>
        {
            if (Read(r.GetValue(from)) is { } first && Read(r.GetValue(to)) is { } end && first >= end)
            {
                r.AddError("--from must be before --to.");
            }
        });
        command.SetAction(parsed =>
        {
            Guid? stream = parsed.GetValue(account) is { } id && PublicId.TryParse("acc", id, out var found) ? found : null;
            return RunAsync(
                settings,
                parsed.GetValue(name)!,
                parsed.GetValue(into)!,
                new(stream, Read(parsed.GetValue(from)), Read(parsed.GetValue(to))));
        });
        return command;
    }

    private static Task<int> RunAsync(string[] settings, string name, string schema, ReplayPortion portion) =>
        OfflineCommand.RunAsync(settings, async (services, ct) =>
        {
            if (services.GetServices<ReadModel>().FirstOrDefault(m => m.Name == name) is not { } model)
            {
                return await OfflineCommand.FailAsync(
                    $"There is no read model '{name}': {string.Join(", ", services.GetServices<ReadModel>().Select(m => m.Name))}.");
            }

            var replay = services.GetRequiredService<Replay>();
            var result =
                Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive
                    ? await replay.RunAsync(model, schema, portion, (_, _) => { }, ct)
                    : await AnsiConsole
                        .Progress()
                        .StartAsync(context =>
                        {
                            var task = context.AddTask("Replaying", maxValue: 100);
                            return replay.RunAsync(model, schema, portion, (done, all) => task.Value(100.0 * done / Math.Max(1, all)), ct);
                        });
            var rows = result.Rows.Select(r => $"{r.Key} {r.Value.ToString(CultureInfo.InvariantCulture)} rows");
            Console.WriteLine($"{result.Events} events in schema {result.Schema}: {string.Join(", ", rows)}");
            return 0;
        });

    private static Option<string> Instant(string name, string description)
    {
        var option = new Option<string>(name) { Description = description, HelpName = "INSTANT" };
        option.Validators.Add(r =>
            Check(r, Read(r.GetValue(option)) is not null, $"{name}: an instant with an offset, such as 2026-01-31T12:00:00Z."));
        return option;
    }

    private static DateTimeOffset? Read(string? text) =>
        text is not null && Instants.Parse(text, null) is InstantResult.Instant found ? found.Value : null;

    private static void Check(OptionResult result, bool isValid, string error)
    {
        if (!isValid)
        {
            result.AddError(error);
        }
    }
}
