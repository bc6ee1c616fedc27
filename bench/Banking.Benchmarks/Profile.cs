using System.Globalization;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Where a row's time went: PostgreSQL's statements, and processor time by process. Keeping such books costs a few percent, so the rates of
/// a run with it are not to be compared with those of one without.
/// </summary>
internal sealed class Profile(NpgsqlDataSource source, Func<string, Task> tell)
{
    private const int Most = 24;

    private Dictionary<string, double> _before = [];

    /// <summary>What the server needs for it.</summary>
    public static IReadOnlyDictionary<string, string> Parameters { get; } = new Dictionary<string, string>
    {
        ["shared_preload_libraries"] = "pg_stat_statements",
        ["pg_stat_statements.track_utility"] = "on",
    };

    public async Task BeginAsync()
    {
        await using var command = source.CreateCommand("create extension if not exists pg_stat_statements; select pg_stat_statements_reset()");
        await command.ExecuteNonQueryAsync();
        _before = await ProcessorAsync();
    }

    /// <param name="seconds">How long it was measured.</param>
    public async Task EndAsync(double seconds, long accepted)
    {
        var after = await ProcessorAsync();
        foreach (var (name, used) in after.Select(p => (p.Key, p.Value - _before.GetValueOrDefault(p.Key))).Where(p => p.Item2 >= 0.05).OrderByDescending(p => p.Item2))
        {
            await tell(string.Create(CultureInfo.InvariantCulture, $"  processor  {used / seconds,6:0.00} of a core  {used * 1e6 / Math.Max(1, accepted),7:0.0} us a transfer  {name}"));
        }

        await using var command = source.CreateCommand(
            $"""
            select calls, total_exec_time, rows, wal_bytes::float8, left(regexp_replace(query, '\s+', ' ', 'g'), 150) from pg_stat_statements
            where dbid = (select oid from pg_database where datname = current_database()) order by total_exec_time desc limit {Most}
            """);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            await tell(string.Create(
                CultureInfo.InvariantCulture,
                $"  statement  {reader.GetDouble(1) * 1000 / Math.Max(1, accepted),6:0.0} us a transfer  {reader.GetInt64(0),8:N0} calls  {reader.GetDouble(1) / reader.GetInt64(0),8:0.00} ms  {reader.GetInt64(2),9:N0} rows  {reader.GetDouble(3) / Math.Max(1, accepted),6:0} B log  {reader.GetString(4)}"));
        }
    }

    /// <summary>Seconds used so far, by what PostgreSQL's processes say they are, and by program for the others.</summary>
    private async Task<Dictionary<string, double>> ProcessorAsync()
    {
        var used = new Dictionary<string, double>();
        if (!OperatingSystem.IsLinux())
        {
            return used;
        }

        var names = new Dictionary<int, string>();
        await using (var command = source.CreateCommand(
            "select pid, 'postgres: ' || case when backend_type = 'client backend' then coalesce(nullif(application_name, ''), 'others') else backend_type end from pg_stat_activity"))
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
                    var name = names.GetValueOrDefault(process.Id) ?? process.ProcessName;
                    used[name] = used.GetValueOrDefault(name) + process.TotalProcessorTime.TotalSeconds;
                }
                catch (InvalidOperationException)
                {
                    // It ended while we looked: what it used is not told any more.
                    used.TryAdd("ended", 0);
                }
            }
        }

        return used;
    }
}
