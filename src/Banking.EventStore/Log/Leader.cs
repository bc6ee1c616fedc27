using System.Diagnostics;
using Banking.EventStore.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>
/// Leader election: one host does a task for all hosts while its connection holds an advisory lock. When the connection is lost another
/// host takes over. Two hosts may briefly both believe that they lead; the task must tolerate that.
/// </summary>
public static class Leader
{
    /// <summary>Interval at which leadership is confirmed or tried for.</summary>
    private static readonly TimeSpan ConfirmInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long a host that has given up leadership leaves it to others: each tries for it once in the interval.</summary>
    private static readonly TimeSpan YieldTime = 2 * ConfirmInterval;

    /// <summary>How long a host leads that does not know all types of events. It doubles each time that no other host took over.</summary>
    private static readonly TimeSpan FirstTerm = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan MaxTerm = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Runs a task whenever no other host leads, until stopped. After a failure it is restarted, on this host or another.
    /// </summary>
    /// <param name="lead">The task. Its token is cancelled when this host stops leading; the task ends before another host can lead, unless
    /// the connection broke.</param>
    /// <param name="standIn">Runs after each attempt in which another host leads.</param>
    /// <param name="unknownTypes">The number of types of events that this host has met and does not know. While there are any, this host
    /// gives up leadership from time to time: a host of the version that wrote the events may be waiting for it.</param>
    public static async Task RunAsync(
        NpgsqlDataSource source,
        string role,
        Func<CancellationToken, Task> lead,
        ILogger logger,
        CancellationToken stopping,
        Func<CancellationToken, Task>? standIn = null,
        Func<int>? unknownTypes = null)
    {
        var isFailing = false;
        var term = TimeSpan.Zero;

        // Called while this host leads: a later failure is another incident.
        bool OnConfirmed(TimeSpan led)
        {
            isFailing = false;
            return unknownTypes?.Invoke() > 0 && led >= term;
        }

        // A task that fails at once is restarted every second: that is the incident of the warning.
        void OnElected() => logger.Log(isFailing ? LogLevel.Debug : LogLevel.Information, "This host leads {Role}", role);

        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (await LeadAsync(source, role, lead, OnElected, OnConfirmed, stopping))
                {
                    term = term == TimeSpan.Zero ? FirstTerm : term < MaxTerm / 2 ? term * 2 : MaxTerm;
                    logger.LogWarning(
                        "The log has events of types that this host does not know. It leaves {Role} to a host that may know them",
                        role);
                    await Task.Delay(YieldTime, stopping);
                }

                await (standIn?.Invoke(stopping) ?? Task.CompletedTask);
                isFailing = false;
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                // Warn once: a database that is unavailable for an hour is one incident.
                logger.Log(
                    isFailing ? LogLevel.Debug : LogLevel.Warning, failure, "Leader election for {Role} failed; retrying", role);
                isFailing = true;
            }

            await Task.Delay(ConfirmInterval, stopping);
        }
    }

    /// <summary>Returns at once if another host leads.</summary>
    /// <param name="onElected">Called when this host begins to lead.</param>
    /// <param name="onConfirmed">Called when leadership is confirmed, with the time for which this host has led. Returns whether it must
    /// give leadership up.</param>
    /// <returns>Whether this host has given up leadership.</returns>
    private static async Task<bool> LeadAsync(
        NpgsqlDataSource source,
        string role,
        Func<CancellationToken, Task> lead,
        Action onElected,
        Func<TimeSpan, bool> onConfirmed,
        CancellationToken stopping)
    {
        await using var leaderLock = await Lock.TryAsync(source, role, stopping);
        if (leaderLock is null)
        {
            return false;
        }

        onElected();
        using var notLeading = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var leading = Task.Run(() => lead(notLeading.Token), CancellationToken.None);
        var (isYielding, since) = (false, Stopwatch.GetTimestamp());
        try
        {
            while (!isYielding && await Task.WhenAny(leading, Task.Delay(ConfirmInterval, stopping)) != leading)
            {
                await leaderLock.ConfirmAsync(stopping);
                isYielding = onConfirmed(Stopwatch.GetElapsedTime(since));
            }
        }
        finally
        {
            await notLeading.CancelAsync();
            await leading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!isYielding)
        {
            await leading;
        }

        return isYielding;
    }

    private sealed class Lock(NpgsqlConnection connection, string role) : IAsyncDisposable
    {
        private const string Release = "select pg_advisory_unlock(hashtextextended($1, 0))";

        /// <summary>Returns null if another host holds the lock.</summary>
        public static async Task<Lock?> TryAsync(NpgsqlDataSource source, string role, CancellationToken ct)
        {
            var connection = await source.OpenConnectionAsync(ct);
            try
            {
                if (await connection.ScalarAsync<bool>("select pg_try_advisory_lock(hashtextextended($1, 0))", [role], ct))
                {
                    return new(connection, role);
                }
            }
            catch
            {
                // The server may have granted the lock before the statement was cancelled, and the session would keep it.
                await connection.ReleaseAsync(Release, role);
                throw;
            }

            await connection.DisposeAsync();
            return null;
        }

        /// <summary>Throws if the connection, and with it the lock, is lost.</summary>
        public async Task ConfirmAsync(CancellationToken ct) => await connection.ScalarAsync<int>("select 1", [], ct, timeoutSeconds: 5);

        public async ValueTask DisposeAsync() => await connection.ReleaseAsync(Release, role);
    }
}
