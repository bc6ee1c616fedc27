using Banking.EventStore.Archive;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Archiving;

/// <summary>
/// Degraded while the storage lacks a file of the manifest, or has it with another size. Health is anonymous, so the log has the names.
/// Contents are compared by <c>archive check</c> only.
/// </summary>
public sealed class ArchiveHealth(NpgsqlDataSource source, IArchiveStorage storage, ILogger<ArchiveHealth> log) : IHealthCheck
{
    /// <summary>Probes come every few seconds, and a listing of a bucket costs money.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

    private (HealthCheckResult Result, long At)? _last;
    private string _logged = "";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (_last is not { } last || TimeProvider.System.GetElapsedTime(last.At) >= MaxAge)
        {
            _last = last = (await CompareAsync(cancellationToken), TimeProvider.System.GetTimestamp());
        }

        return last.Result;
    }

    private async Task<HealthCheckResult> CompareAsync(CancellationToken ct)
    {
        var wanted = await ArchiveManifest.SizesAsync(source, ct);
        string problem;
        try
        {
            var stored = wanted.Count == 0 ? [] : (await storage.ListAsync(ct)).ToDictionary(f => f.Name, f => f.Bytes);
            problem = string.Join("; ", wanted.Where(f => stored.GetValueOrDefault(f.Name, -1) != f.Bytes).Select(f =>
                stored.TryGetValue(f.Name, out var bytes) ? $"{f.Name} has {bytes} of {f.Bytes} bytes" : $"{f.Name} is missing"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            problem = failure.Message;
        }

        if (problem.Length > 0 && problem != _logged)
        {
            log.LogError("Archive files in {Storage} cannot be read as the manifest says: {Problem}", storage.Description, problem);
        }

        _logged = problem;
        return problem.Length == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded("Files of the event archive are missing or have another size; the log names them.");
    }
}
