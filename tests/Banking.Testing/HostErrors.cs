using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Banking.Testing;

/// <summary>
/// The exceptions that hosts in the test process have logged, so that a test which gets an unexpected answer says its cause.
/// </summary>
internal sealed class HostErrors : ILoggerProvider
{
    private const int MaxKept = 200;

    private static readonly ConcurrentQueue<string> Kept = new();

    /// <summary>The logged exceptions of a request; empty if none was logged.</summary>
    public static string Of(string traceId) => string.Join(" ", Kept.Where(e => e.Contains(traceId, StringComparison.Ordinal)));

    public ILogger CreateLogger(string categoryName) => new Keeper();

    public void Dispose()
    {
    }

    private sealed class Keeper : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel) || exception is null)
            {
                return;
            }

            Kept.Enqueue($"{formatter(state, exception)}: {exception}");
            while (Kept.Count > MaxKept && Kept.TryDequeue(out _))
            {
                // The oldest go.
            }
        }
    }
}
