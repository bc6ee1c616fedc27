using System.Globalization;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Where a row's time went: PostgreSQL's statements, and by process its time on the processor and what it wrote to files. Keeping such
/// books costs a few percent, so the rates of a run with it are not to be compared with those of one without.
/// </summary>
internal sealed class Profile(NpgsqlDataSource source, Func<string, Task> tell)
{
    private const int Most = 24;

    private Dictionary<int, Used> _before = [];

    /// <summary>What the server needs for it.</summary>
    public static IReadOnlyDictionary<string, string> Parameters { get; } = new Dictionary<string, string>
    {
        ["shared_preload_libraries"] = "pg_stat_statements",
        ["pg_stat_statements.track_utility"] = "on",
    };

    public async Task BeginAsync()
    {
        await using var command = source.CreateCommand(
            "create extension if not exists pg_stat_statements; select pg_stat_statements_reset()");
        await command.ExecuteNonQueryAsync();
        _before = await ProcessorAsync();
    }

    /// <param name="seconds">How long it was measured.</param>
    public async Task EndAsync(double seconds, long accepted)
    {
        var after = await ProcessorAsync();
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
                    all.Aggregate(new Used(name, 0, 0), (sum, u) =>
                        sum with
                        {
                            Seconds = sum.Seconds + u.Seconds,
                            Written = sum.Written + u.Written,
                        }));
        foreach (var used in byName.Where(u => u.Seconds >= 0.05).OrderByDescending(u => u.Seconds))
        {
            await tell(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  processor  {used.Seconds / seconds,6:0.00} of a core  {used.Seconds * 1e6 / Math.Max(1, accepted),7:0.0} us and {used.Written / Math.Max(1, accepted),6:0} B written a transfer  {used.Name}"
                ));
        }

        await using var command = source.CreateCommand(
            $"""
            select calls, total_exec_time, rows, wal_bytes::float8, left(regexp_replace(query, '\s+', ' ', 'g'), 150) from pg_stat_statements
            where dbid = (select oid from pg_database where datname = current_database()) order by total_exec_time desc limit {Most}
            """);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            await tell(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  statement  {reader.GetDouble(1) * 1000 / Math.Max(1, accepted),6:0.0} us a transfer  {reader.GetInt64(0),8:N0} calls  {reader.GetDouble(1) / reader.GetInt64(0),8:0.00} ms  {reader.GetInt64(2),9:N0} rows  {reader.GetDouble(3) / Math.Max(1, accepted),6:0} B log  {reader.GetString(4)}"
                ));
        }
    }

    /// <summary>What was used so far, by process: what PostgreSQL's say they are, the program of others.</summary>
    private async Task<Dictionary<int, Used>> ProcessorAsync()
    {
        var used = new Dictionary<int, Used>();
        if (!OperatingSystem.IsLinux())
        {
            return used;
        }

        var names = new Dictionary<int, string>();
        await using (
            var command = source.CreateCommand(
                "select pid, 'postgres: ' || case when backend_type = 'client backend' then coalesce(nullif(application_name, ''), 'others') else backend_type end from pg_stat_activity"
            ))
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
                    // The kernel's workers are named after what they do at the moment.
                    var name = names.GetValueOrDefault(process.Id) ?? process.ProcessName.Split('/')[0];
                    used[process.Id] = new(name, process.TotalProcessorTime.TotalSeconds, Written(process.Id));
                }
                catch (InvalidOperationException)
                {
                    // It ended while we looked: what it used is not told any more.
                    used.Remove(process.Id);
                }
            }
        }

        return used;
    }

    /// <summary>
    /// Bytes that it had written to storage, or to the cache before it. Of the kernel's own threads and of other users' processes nobody is
    /// told.
    /// </summary>
    private static double Written(int process)
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

    private readonly record struct Used(string Name, double Seconds, double Written);
}
