using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;

namespace Banking.Publishing.Tests;

/// <summary>The statements that all hosts of a bank in this process send to PostgreSQL, from Npgsql's own traces.</summary>
internal sealed class Statements : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly ConcurrentQueue<string> _all = new();

    public Statements(string connectionString)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString).Database;
        _listener = new()
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("db.query.text") is string sql && (string?)activity.GetTagItem("db.namespace") == database)
                {
                    _all.Enqueue(sql);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>The statements that contain a text, or any of several.</summary>
    public IReadOnlyList<string> With(params string[] parts) =>
        [.. _all.Where(sql => parts.Any(p => sql.Contains(p, StringComparison.Ordinal)))];

    public void Dispose() => _listener.Dispose();
}
