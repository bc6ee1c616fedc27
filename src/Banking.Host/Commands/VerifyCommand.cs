using System.CommandLine;
using System.Diagnostics;
using System.Security.Cryptography;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Host.Security;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Documents;
using Banking.ReadModels.Verifying;
using Npgsql;

namespace Banking.Host.Commands;

/// <summary>
/// <c>verify [--full] [--json]</c>: runs all checks of the sentinel at once. It compares the log with itself; states, receipts, refusals
/// and keys with the log; read models with the log and with the folds; sums with their rows; the journal with the accounts. Exit code 0: no
/// differences; 1: differences, or an incomplete comparison; 2: nothing was done.
/// </summary>
internal static class VerifyCommand
{
    /// <summary>Number of streams compared without --full.</summary>
    private const int SampleSize = 1_000;

    public static Command Create(string[] settings)
    {
        var full = new Option<bool>("--full")
        {
            Description = $"compares every stream (default: {SampleSize} streams, different ones each time)",
        };
        var json = CommonOptions.Json("prints the result as one JSON object");
        var command = new Command("verify", "compares stored data and read models with the log; exit code 1 if they differ")
        {
            full,
            json,
        };
        command.SetAction(parsed => OfflineCommand.RunAsync(
            settings, (services, ct) => RunAsync(services, parsed.GetValue(full), parsed.GetValue(json), ct)));
        return command;
    }

    /// <summary>Runs <c>verify --full</c> on the bank that the settings name.</summary>
    public static Task<int> RunFullAsync(string[] settings) =>
        OfflineCommand.RunAsync(settings, (services, ct) => RunAsync(services, full: true, json: false, ct));

    private static async Task<int> RunAsync(IServiceProvider services, bool full, bool json, CancellationToken ct)
    {
        services.GetService<KeyRingFolder>()?.Require();
        var watch = Stopwatch.StartNew();
        var behind = await CatchUpAsync(services, ct);
        var source = services.GetRequiredService<NpgsqlDataSource>();
        var streams = await CountAsync(source, ct);
        var verification = services.GetRequiredService<Verification>();
        // Start at a random stream, so that repeated runs cover the whole bank.
        var from = full || streams <= SampleSize
            ? Guid.Empty
            : await FindPredecessorAsync(source, RandomNumberGenerator.GetInt32(streams - SampleSize + 1), ct);
        VerificationResult result;
        try
        {
            result = await VerificationProgress.ShowAsync(full ? streams : Math.Min(streams, SampleSize), json, progress =>
                verification.RunAsync(from, full ? null : SampleSize, progress, ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped before everything was compared.");
            return 130;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // An incomplete comparison must not look like a bank without differences.
            await Console.Error.WriteLineAsync($"The comparison is incomplete: {failure.Message}");
            return 1;
        }

        var future = await FutureStreams.FindAsync(source, services.GetRequiredService<TimeProvider>().GetUtcNow(), ct);
        result = result with { Differences = [.. result.Differences, .. future] };
        string[] incomplete = [.. behind, .. await FindIncompleteAsync(services, ct)];
        foreach (var line in incomplete)
        {
            await Console.Error.WriteLineAsync(line);
        }

        VerificationReport.Write(result, watch.Elapsed.TotalSeconds, json);
        return result.Differences.Count > 0 || incomplete.Length > 0 ? 1 : 0;
    }

    /// <summary>
    /// Brings the read models to the end of the log, as a host would. Without a running host they lag behind it, which is no difference.
    /// </summary>
    /// <returns>A sentence for each read model that failed.</returns>
    private static async Task<IReadOnlyList<string>> CatchUpAsync(IServiceProvider services, CancellationToken ct)
    {
        var (highWaterMark, writer) = (services.GetRequiredService<HighWaterMark>(), services.GetRequiredService<ReadModelWriter>());
        var end = await highWaterMark.LookAsync(ct);
        var failures = await Task.WhenAll(services.GetServices<ReadModel>().Select(async m =>
        {
            try
            {
                await writer.AdvanceAsync(m, end, ct);
                return null;
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                return $"{m.Name}: failed to catch up with the log: {failure.Message}";
            }
        }));
        await services.GetRequiredService<ProjectionRunners>().CatchUpAsync(services.GetRequiredService<DocumentModels>().All, ct);
        return [.. failures.OfType<string>()];
    }

    /// <summary>Finds read models that end before the log. Later events of the log were not compared with them.</summary>
    private static async Task<IReadOnlyList<string>> FindIncompleteAsync(IServiceProvider services, CancellationToken ct)
    {
        var versions = services.GetServices<ReadModel>().ToDictionary(m => m.Name, m => m.Version);
        var projections = (await services.GetRequiredService<ProjectionStates>().AllAsync(ct))
            .Where(p => p.PausedAt is not null)
            .Select(p => DescribeStop(p.Model.Name, p.PausePosition, p.PauseReason));
        return
        [
            .. projections,
            .. (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct))
                .Where(g => g.State == GenerationState.Active && versions.ContainsKey(g.Model))
                .Select(g =>
                    g switch
                    {
                        { PausedAt: not null } => DescribeStop(g.Model, g.PausePosition, g.PauseReason),
                        _ when g.ModelVersion != versions[g.Model] =>
                            $"{g.Model}: not compared: version {g.ModelVersion} is active and this program has {versions[g.Model]}.",
                        _ => null,
                    })
                .OfType<string>(),
        ];
    }

    private static string DescribeStop(string model, long? position, string? reason) =>
        $"{model}: stopped before position {position} ({reason}); nothing was compared after that.";

    /// <summary>Finds the stream after which a sample starts: the last one of so many in the order of their ids.</summary>
    private static async Task<Guid> FindPredecessorAsync(NpgsqlDataSource source, int count, CancellationToken ct) => count == 0
        ? Guid.Empty
        : await source.ScalarAsync<Guid>($"select id from {SchemaNames.Streams} order by id offset $1 - 1 limit 1", [count], ct);

    private static Task<int> CountAsync(NpgsqlDataSource source, CancellationToken ct) =>
        source.ScalarAsync<int>($"select count(*)::int from {SchemaNames.Streams}", [], ct);
}
