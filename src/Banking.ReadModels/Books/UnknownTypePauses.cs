using Banking.Commands.Operators;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;

namespace Banking.ReadModels.Books;

/// <summary>
/// Ends pauses of books before an event of a type that the pausing host did not know, once a host knows the type. Other pauses end by an
/// operator: only a person can know that such an event is right now.
/// </summary>
public sealed class UnknownTypePauses(
    IEnumerable<ReadModel> models, ReadModelWriter writer, LogReader log, ReadModelConnections connections, TimeProvider clock)
{
    private const string Sql =
        $"""
        select name, generation, pause_position from {Generation.Table}
        where paused_at <= $1 and pause_reason like '%' || $2 and pause_position is not null and ($3::text is null or name = $3)
            and (state = '{GenerationState.Active}' or state in {GenerationState.Candidates})
        """;

    /// <summary>Resumes the paused versions and candidates of all books, or of one, whose next event this host can read.</summary>
    /// <param name="minAge">Only pauses that are at least so old. A host of an earlier version may pause a book again.</param>
    /// <returns>Whether it resumed any.</returns>
    public async Task<bool> ResumeAsync(string? model, TimeSpan minAge, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        var paused = await connection.ListAsync(
            Sql,
            [clock.GetUtcNow() - minAge, UnknownEventTypeException.Sentence, model],
            row => (Model: row.GetString(0), Generation: row.GetInt32(1), Position: row.GetInt64(2)),
            ct);
        var hasResumed = false;
        foreach (var (name, generation, position) in paused)
        {
            if (models.FirstOrDefault(m => m.Name == name) is { } known && await IsKnownAsync(position, ct))
            {
                hasResumed |= await writer.ResumeAsync(
                    known, OperatorAction.OfTheBank("resumed by a host that knows the type of the event"), ct, generation) is not null;
            }
        }

        return hasResumed;
    }

    private async Task<bool> IsKnownAsync(long position, CancellationToken ct) =>
        (await log.ReadAllAsync(position - 1, position, ct)).Events is [var e]
        && UnreadableEvent.FailureOf(e) is not { IsOfUnknownType: true };
}
