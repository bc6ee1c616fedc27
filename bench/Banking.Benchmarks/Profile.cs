using System.ComponentModel;
using System.Globalization;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// The cost of a scenario by PostgreSQL statement, and by process: processor time and bytes written. Profiling slows a run by a few
/// percent, so do not compare its rates with those of a run without it.
/// </summary>
internal sealed class Profile(NpgsqlDataSource source, RunResults results)
{
    private const int MaxStatements = 24;

    private Dictionary<int, Usage> _before = [];

    /// <summary>Server settings that profiling needs.</summary>
    public static IReadOnlyDictionary<string, string> Parameters { get; } = new Dictionary<string, string>
    {
        ["shared_preload_libraries"] = "pg_stat_statements",
        ["pg_stat_statements.track_utility"] = "on",
    };

    /// <summary>Runs a measurement, and reports what it cost if a profile is wanted.</summary>
    public async Task<Measured> MeasureAsync(bool isWanted, Func<Task<Measured>> load)
    {
        if (!isWanted)
        {
            return await load();
        }

        await BeginAsync();
        var measured = await load();
        await EndAsync(measured.Seconds, measured.Accepted);
        return measured;
    }

    public async Task BeginAsync()
    {
        await using var command = source.CreateCommand(
            "create extension if not exists pg_stat_statements; select pg_stat_statements_reset()");
        await command.ExecuteNonQueryAsync();
        _before = await ReadUsageAsync();
    }

    /// <param name="seconds">The duration of the measurement.</param>
    public async Task EndAsync(double seconds, long accepted)
    {
        await PrintProcessesAsync(seconds, accepted);
        await PrintStatementsAsync(accepted);
    }

    private async Task PrintProcessesAsync(double seconds, long accepted)
    {
        var after = await ReadUsageAsync();
        var byName = after
            .Select(p =>
                _before.TryGetValue(p.Key, out var before) && before.Name == p.Value.Name
                    ? p.Value with
                    {
                        Seconds = p.Value.Seconds - before.Seconds,
                        Written = p.Value.Written - before.Written,
                    }
                    : p.Value)
            .GroupBy(
                u => u.Name,
                (name, all) =>
                    all.Aggregate(new Usage(name, 0, 0), (sum, u) =>
                        sum with
                        {
                            Seconds = sum.Seconds + u.Seconds,
                            Written = sum.Written + u.Written,
                        }));
        foreach (var used in byName.Where(u => u.Seconds >= 0.05).OrderByDescending(u => u.Seconds))
        {
            var (micros, written) = (used.Seconds * 1e6 / Math.Max(1, accepted), used.Written / Math.Max(1, accepted));
            await results.PrintAsync(
                $"  processor  {used.Seconds / seconds,6:0.00} of a core  {micros,7:0.0} us and {written,6:0} B written a transfer  ",
                $"{used.Name}");
        }
    }

    private async Task PrintStatementsAsync(long accepted)
    {
        await using var command = source.CreateCommand(
            $"""
            select calls, total_exec_time, rows, wal_bytes::float8, left(regexp_replace(query, '\s+', ' ', 'g'), 150)
            from pg_stat_statements
            where dbid = (select oid from pg_database where datname = current_database())
            order by total_exec_time desc limit {MaxStatements}
            """);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var (calls, milliseconds, rows, log) = (reader.GetInt64(0), reader.GetDouble(1), reader.GetInt64(2), reader.GetDouble(3));
            await results.PrintAsync(
                $"  statement  {milliseconds * 1000 / Math.Max(1, accepted),6:0.0} us a transfer  {calls,8:N0} calls  ",
                $"{milliseconds / calls,8:0.00} ms  {rows,9:N0} rows  {log / Math.Max(1, accepted),6:0} B log  {reader.GetString(4)}");
        }
    }

    /// <summary>Reads the resources used so far by each process, with PostgreSQL's own name of its processes.</summary>
    private async Task<Dictionary<int, Usage>> ReadUsageAsync()
    {
        var used = new Dictionary<int, Usage>();
        if (!OperatingSystem.IsLinux())
        {
            return used;
        }

        var names = new Dictionary<int, string>();
        await using (
            var command = source.CreateCommand(
                """
                select pid, 'postgres: ' || case when backend_type = 'client backend'
                    then coalesce(nullif(application_name, ''), 'others') else backend_type end
                from pg_stat_activity
                """))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                names[reader.GetInt32(0)] = reader.GetString(1);
            }
        }

        foreach (var process in System.Diagnostics.Process.GetProcesses())
        {
            using (process)
            {
                try
                {
                    // Kernel workers have their present task in their name, after a slash.
                    var name = names.GetValueOrDefault(process.Id) ?? process.ProcessName.Split('/')[0];
                    used[process.Id] = new(name, process.TotalProcessorTime.TotalSeconds, ReadWrittenBytes(process.Id));
                }
                catch (Exception gone) when (gone is InvalidOperationException or Win32Exception)
                {
                    // The process has just ended, so its figures are gone.
                    used.Remove(process.Id);
                }
            }
        }

        return used;
    }

    /// <summary>
    /// Reads the bytes that the process has written to storage or to the page cache. The figure is not readable for kernel threads and for
    /// processes of other users.
    /// </summary>
    private static double ReadWrittenBytes(int process)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/io").Where(l => l.StartsWith("write_bytes: ", StringComparison.Ordinal))
                .Select(l => double.Parse(l["write_bytes: ".Length..], CultureInfo.InvariantCulture)).FirstOrDefault();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private readonly record struct Usage(string Name, double Seconds, double Written);
}
