using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Banking.Platform;
using Banking.Platform.Following;
using Banking.Platform.Projections;
using Banking.Platform.ReadModels;
using Npgsql;
using Spectre.Console;

namespace Banking.Host.Commands;

/// <summary>
/// <c>verify [--full] [--json]</c>: does at once what the sentinel does by and by. Compares the log with itself; states, receipts, refusals
/// and keys with the log; the read models with the log and with the bank's own folds, sums with what they sum, the journal with the
/// accounts. Exit code 0: all as the log says; 1: differences, or something that could not be compared to its end; 2: nothing was done.
/// </summary>
internal static class VerifyCommand
{
    private static readonly JsonSerializerOptions Indented = new(ApiJson.Options) { WriteIndented = true };

    /// <summary>Streams compared when not all are asked for.</summary>
    private const int Sample = 1_000;

    public static Command Create(string[] settings)
    {
        var full = new Option<bool>("--full") { Description = $"compares every stream (default: {Sample} of them, others each time)" };
        var json = CommonOptions.Json("prints the result as one JSON object");
        var command = new Command("verify", "compares the read models with the log; exit code 1 where they differ") { full, json };
        command.SetAction(parsed => OpenBank.RunAsync(
            settings, (services, ct) => RunAsync(services, parsed.GetValue(full), parsed.GetValue(json), ct)));
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, bool full, bool json, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        var behind = await CatchUpAsync(services, ct);
        var source = services.GetRequiredService<NpgsqlDataSource>();
        var streams = await CountAsync(source, ct);
        var verification = services.GetRequiredService<Verification>();
        // Another part of the bank each time, so that repeated runs see all of it.
        var from =
            full || streams <= Sample ? Guid.Empty : await StreamAsync(source, RandomNumberGenerator.GetInt32(streams - Sample + 1), ct);
        VerificationResult result;
        try
        {
            result = await ShowAsync(full ? streams : Math.Min(streams, Sample), json, progress =>
                verification.RunAsync(from, full ? null : Sample, progress, ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped before everything was compared.");
            return 130;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // What cannot be compared to its end must not be taken for a bank that is as its log says.
            await Console.Error.WriteLineAsync($"Not everything could be compared: {failure.Message}");
            return 1;
        }

        var future = await FutureStreams.FindAsync(source, services.GetRequiredService<TimeProvider>().GetUtcNow(), ct);
        result = result with { Differences = [.. result.Differences, .. future] };
        string[] standing = [.. behind, .. await StandingAsync(services, ct)];
        foreach (var line in standing)
        {
            await Console.Error.WriteLineAsync(line);
        }

        return Math.Max(Tell(result, watch.Elapsed.TotalSeconds, json), standing.Length > 0 ? 1 : 0);
    }

    /// <summary>
    /// A bank that nobody serves is behind its log, which is no difference: it is brought forward first, as a host would.
    /// </summary>
    /// <returns>Why a read model could not be brought forward, for each of them.</returns>
    private static async Task<IReadOnlyList<string>> CatchUpAsync(IServiceProvider services, CancellationToken ct)
    {
        var (mark, writer) = (services.GetRequiredService<LogMark>(), services.GetRequiredService<ReadModelWriter>());
        var end = await mark.LookAsync(ct);
        var failures = await Task.WhenAll(services.GetServices<ReadModel>().Select(async m =>
        {
            try
            {
                await writer.ServeAsync(m, end, ct);
                return null;
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                return $"{m.Name}: it could not be brought to the end of the log: {failure.Message}";
            }
        }));
        await services.GetRequiredService<ProjectionRunners>().CatchUpAsync(services.GetRequiredService<DocumentModels>().All, ct);
        return [.. failures.OfType<string>()];
    }

    /// <summary>Read models whose rows end before the log does: of what comes after them a comparison says nothing.</summary>
    private static async Task<IReadOnlyList<string>> StandingAsync(IServiceProvider services, CancellationToken ct)
    {
        var versions = services.GetServices<ReadModel>().ToDictionary(m => m.Name, m => m.Version);
        var projections = (await services.GetRequiredService<ProjectionStates>().AllAsync(ct))
            .Where(p => p.PausedAt is not null)
            .Select(p =>
                $"{p.Model.Name}: stopped before position {p.PausePosition} ({p.PauseReason}); from there on nothing was compared.");
        return
        [
            .. projections,
            .. (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct))
                .Where(g => g.State == GenerationState.Serving && versions.ContainsKey(g.Model))
                .Select(g =>
                    g switch
                    {
                        { PausedAt: not null } =>
                            $"{g.Model}: stopped before position {g.PausePosition} ({g.PauseReason}); from there on nothing was compared.",
                        _ when g.ModelVersion != versions[g.Model] =>
                            $"{g.Model}: version {g.ModelVersion} of it serves and this program knows {versions[g.Model]}; it was not compared.",
                        _ => null,
                    })
                .OfType<string>(),
        ];
    }

    /// <summary>The stream before which there are so many less one, in the order of their ids.</summary>
    private static async Task<Guid> StreamAsync(NpgsqlDataSource source, int before, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select id from {PlatformModule.EventSchema}.mt_streams order by id offset $1 - 1 limit 1");
        command.Parameters.Add(new() { Value = before });
        return before == 0 ? Guid.Empty : (Guid)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<int> CountAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        await using var command = source.CreateCommand($"select count(*)::int from {PlatformModule.EventSchema}.mt_streams");
        return (int)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<VerificationResult> ShowAsync(int streams, bool quiet, Func<Action<int>, Task<VerificationResult>> run)
    {
        if (quiet)
        {
            return await run(_ => { });
        }

        if (!AnsiConsole.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
        {
            var told = 0;
            return await run(done =>
            {
                if (10L * done / Math.Max(1, streams) is var tenth && tenth > told)
                {
                    told = (int)tenth;
                    Console.WriteLine($"Verifying: {done} of {streams} streams");
                }
            });
        }

        return await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                var task = context.AddTask("Verifying", maxValue: Math.Max(1, streams));
                return run(done => task.Value(done));
            });
    }

    private static int Tell(VerificationResult result, double seconds, bool json)
    {
        var accounts = result.Streams.GetValueOrDefault("account");
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { result.Events, Accounts = accounts, result.Differences, Seconds = Math.Round(seconds, 3) },
                Indented));
        }
        else
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{result.Events:N0} events of {accounts:N0} accounts compared in {seconds:0.0} s: {result.Differences.Count} differences."
                ));
            foreach (var d in result.Differences)
            {
                Console.WriteLine(
                    $"  {d.Model} {d.Table} {d.Stream ?? d.Id}: expected {d.Expected ?? "nothing"}, found {d.Found ?? "nothing"}");
            }
        }

        return result.Differences.Count == 0 ? 0 : 1;
    }
}
