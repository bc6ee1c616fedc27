using Banking.SharedKernel;

namespace Banking.Commands.Receipts;

/// <summary>
/// Finds the currency of a stream, such as an account; implemented by the module that owns the streams. It lets other modules compare
/// amounts with it. The currency never changes.
/// </summary>
public interface IStreamCurrency
{
    /// <summary>The stream type that this implementation knows.</summary>
    string StreamType { get; }

    /// <summary>Returns null if the stream does not exist.</summary>
    Task<Currency?> FindAsync(Guid stream, CancellationToken ct);
}
