using Banking.Platform.EventSourcing;
using Marten;
using Marten.Services;
using Npgsql;

namespace Banking.Platform.Commands;

/// <summary>
/// Decides a group of commands one after the other and stores all that follows in one transaction: events, states, receipts and
/// refusals. Each decision sees what the ones before it in the group have done.
/// </summary>
public sealed class GroupTransaction<TState>(IDocumentStore store, NpgsqlDataSource source, TimeProvider clock, GroupRules<TState> rules)
    where TState : class, IEventSourced<TState>
{
    private readonly GroupLoader<TState> _loader = new(store);

    /// <summary>The outcomes, in the order of the submissions. Throws when nothing of the group was stored, or when that is in doubt.</summary>
    public async Task<IReadOnlyList<Outcome>> RunAsync(IReadOnlyList<Submission<TState>> submissions)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var loaded = await _loader.LoadAsync(transaction, submissions);

        // Read after the locks are held, so that a question about the past, which waits for them, has one answer for ever.
        var now = RecordedTime.Now(clock);

        var options = (StoreOptions)store.Options;
        await using var session = store.LightweightSession(SessionOptions.ForTransaction(transaction));
        var work = new GroupWork<TState>(session, loaded, now, clock);
        try
        {
            foreach (var submission in submissions)
            {
                work.Decide(submission);
            }

            work.Store(options, rules);
            await session.SaveChangesAsync();
        }
        catch (Exception failure) when (submissions.Count == 1
            && Failures.DuplicateDocument(failure) is { } document && rules.OnDuplicate(document) is { } refusal)
        {
            return [GroupOutcomes.Rejected(submissions[0].Context, refusal)];
        }

        await CommitAsync(transaction);
        return work.Outcomes();
    }

    private static async Task CommitAsync(NpgsqlTransaction transaction)
    {
        try
        {
            await transaction.CommitAsync();
        }
        catch (Exception failure) when (failure is not PostgresException { SqlState: ['2' or '4', ..] })
        {
            // A constraint or a serialization failure is the server's own no. Anything else, even a server that says goodbye, may have
            // come after the commit was written.
            throw new CommitInDoubtException(failure);
        }
    }
}

/// <summary>What a module tells the group about its states.</summary>
/// <param name="Beside">New documents that must never lag behind a state, from the state before, if any, and after.</param>
/// <param name="OnDuplicate">The refusal that a document stands for whose id is taken.</param>
public sealed record GroupRules<TState>(
    Func<TState?, TState, IEnumerable<object>> Beside,
    Func<Type, Refusal?> OnDuplicate)
    where TState : class, IEventSourced<TState>;
