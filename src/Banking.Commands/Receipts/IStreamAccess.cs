using Banking.EventStore.Callers;

namespace Banking.Commands.Receipts;

/// <summary>
/// Whether a caller may know of a stream, answered by the module whose streams they are: what others tell about an account must be as
/// discreet as the account itself, and only its own module knows whose it is.
/// </summary>
public interface IStreamAccess
{
    /// <summary>The kind of streams that this one answers for, such as account.</summary>
    string StreamType { get; }

    /// <summary>False too where there is no such stream.</summary>
    Task<bool> MaySeeAsync(Caller caller, Guid stream, CancellationToken ct);

    /// <summary>The same for several, in their order. A module whose streams many commands concern at once asks in one statement.</summary>
    async Task<IReadOnlyList<bool>> MaySeeAsync(IReadOnlyList<(Caller Caller, Guid Stream)> asked, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(asked);
        var answers = new bool[asked.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = await MaySeeAsync(asked[i].Caller, asked[i].Stream, ct);
        }

        return answers;
    }
}
