using Banking.EventStore.Callers;
using JasperFx.Events;

namespace Banking.Commands.Receipts;

/// <summary>
/// Shows what a command created or changed as it is now; implemented by the module that owns the stream of the command's last event. It
/// answers a repeat whose stored answer has expired.
/// </summary>
public interface ICurrentView
{
    /// <summary>The stream type that this implementation shows.</summary>
    string StreamType { get; }

    /// <summary>Returns null if it cannot be shown any more.</summary>
    Task<CurrentView?> FindAsync(ExpiredAnswer answer, CancellationToken ct);
}

/// <summary>An accepted command whose stored answer has expired.</summary>
/// <param name="Last">The last event of the command.</param>
/// <param name="Location">The address of what the command created; null if it created nothing.</param>
public sealed record ExpiredAnswer(Caller Caller, IEvent Last, string? Location);

/// <summary>What a command created or changed, as it is now.</summary>
/// <param name="View">In the form of the answer to the command.</param>
/// <param name="Version">The version of its stream; null if the view is as it was when the command was answered.</param>
public sealed record CurrentView(object View, long? Version = null);
