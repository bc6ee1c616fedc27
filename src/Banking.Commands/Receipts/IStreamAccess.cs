using Banking.EventStore.Callers;

namespace Banking.Commands.Receipts;

/// <summary>
/// Checks whether a caller may see a stream; implemented by the module that owns the streams. Data derived from a stream must be as
/// confidential as the stream, and only its own module knows its owner.
/// </summary>
public interface IStreamAccess
{
    /// <summary>The stream type that this implementation checks.</summary>
    string StreamType { get; }

    /// <summary>Returns false also if the stream does not exist.</summary>
    Task<bool> MaySeeAsync(Caller caller, Guid stream, CancellationToken ct);

    /// <summary>
    /// Checks several streams, in their order. A module whose streams are used by many commands at once overrides this with one
    /// statement.
    /// </summary>
    async Task<IReadOnlyList<bool>> MaySeeAsync(IReadOnlyList<(Caller Caller, Guid Stream)> asked, CancellationToken ct)
    {
        var answers = new bool[asked.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = await MaySeeAsync(asked[i].Caller, asked[i].Stream, ct);
        }

        return answers;
    }
}
