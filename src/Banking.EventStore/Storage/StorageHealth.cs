using Microsoft.Extensions.Logging;

namespace Banking.EventStore.Storage;

/// <summary>
/// Why commands cannot be stored just now, for health and for the log. A full disk fails every command, so it is said once a second, with
/// the number of commands, and not with a stack trace for each.
/// </summary>
public sealed class StorageHealth(ILogger<StorageHealth> log)
{
    /// <summary>Without a command since, nobody knows: then the next one finds out.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private string? _reason;
    private long _lastFailure;
    private long _lastLine;
    private int _commands;
    private bool _isSaid;

    /// <summary>What failed last; null where commands are stored.</summary>
    public string? Reason
    {
        get
        {
            lock (_gate)
            {
                return _reason is not null && TimeProvider.System.GetElapsedTime(_lastFailure) < Remembered ? _reason : null;
            }
        }
    }

    public void Failed(string reason, int commands)
    {
        lock (_gate)
        {
            _reason = reason;
            _lastFailure = TimeProvider.System.GetTimestamp();
            _commands += commands;
            if (_lastLine != 0 && TimeProvider.System.GetElapsedTime(_lastLine) < TimeSpan.FromSeconds(1))
            {
                return;
            }

            log.LogError("{Count} commands could not be stored, and nothing of them was: {Reason}", _commands, reason);
            (_commands, _lastLine, _isSaid) = (0, _lastFailure, true);
        }
    }

    public void Stored()
    {
        if (Volatile.Read(ref _reason) is null)
        {
            return;
        }

        lock (_gate)
        {
            _reason = null;
            // Where some are stored and some are not, one line of each kind a second is all that is said.
            if (_isSaid)
            {
                log.LogInformation("Commands are stored again; {Count} more were not since the last line", _commands);
                (_commands, _isSaid) = (0, false);
            }
        }
    }
}
