using Microsoft.Extensions.Logging;

namespace Banking.EventStore.Storage;

/// <summary>
/// Tracks why commands cannot be stored, for the health check and the log. A full disk fails every command, so the log gets one line per
/// second with their number, and no stack traces.
/// </summary>
public sealed class StorageHealth(ILogger<StorageHealth> log)
{
    /// <summary>After this time without a command the state is unknown: the next command finds out.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private string? _reason;
    private long _lastFailure;
    private long _lastLogged;
    private int _commands;
    private bool _isLogged;

    /// <summary>The reason of the last failure; null if commands are stored.</summary>
    public string? Reason
    {
        get
        {
            lock (_lock)
            {
                return _reason is not null && TimeProvider.System.GetElapsedTime(_lastFailure) < MaxAge ? _reason : null;
            }
        }
    }

    public void Failed(string reason, int commands)
    {
        lock (_lock)
        {
            _reason = reason;
            _lastFailure = TimeProvider.System.GetTimestamp();
            _commands += commands;
            if (_lastLogged != 0 && TimeProvider.System.GetElapsedTime(_lastLogged) < TimeSpan.FromSeconds(1))
            {
                return;
            }

            log.LogError("{Count} commands failed; none of them stored anything: {Reason}", _commands, reason);
            (_commands, _lastLogged, _isLogged) = (0, _lastFailure, true);
        }
    }

    public void Stored()
    {
        if (Volatile.Read(ref _reason) is null)
        {
            return;
        }

        lock (_lock)
        {
            _reason = null;
            // While some commands are stored and others fail, the log gets at most one line of each kind per second.
            if (_isLogged)
            {
                log.LogInformation("Commands are stored again; {Count} more failed since the last line", _commands);
                (_commands, _isLogged) = (0, false);
            }
        }
    }
}
