using Banking.EventStore.Keys;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.Audit.Actors;

/// <summary>
/// Checks that each stored name of an actor was sealed for that actor. The log has no names, so a deleted row is no difference: it is an
/// erasure. A name whose key is missing is not compared: the comparison of customers names that key, and health does.
/// </summary>
internal sealed class ActorComparison(CheckedWrapping wrapping) : StoredComparison
{
    public const string Table = "actor";

    private const int PageSize = 1_000;

    private readonly ActorNames _names = new(wrapping);

    public override string Name => "actors";

    public override async Task<IReadOnlyList<Difference>> OfBankAsync(NpgsqlConnection snapshot, CancellationToken ct)
    {
        var differences = new List<Difference>();
        for (var after = ""; ;)
        {
            var page = await snapshot.ListAsync(
                $"select {StoredActor.Columns} from {ActorTable.Name} a where a.actor > $1 order by a.actor limit {PageSize}",
                [after],
                row => StoredActor.Read(row, 0)!,
                ct);
            foreach (var actor in page)
            {
                if (await FaultAsync(actor, ct) is { } fault)
                {
                    differences.Add(new(
                        Name, Table, null, Text(new { actor.Actor, name = "sealed for this actor" }), Text(new { name = fault }))
                    {
                        Key = actor.Actor,
                    });
                }
            }

            if (page.Count < PageSize || differences.Count >= MaxDifferences)
            {
                return [.. differences.Take(MaxDifferences)];
            }

            after = page[^1].Actor;
        }
    }

    /// <summary>Returns what is wrong with the name; null if nothing is.</summary>
    private async Task<string?> FaultAsync(StoredActor actor, CancellationToken ct)
    {
        try
        {
            return actor.Name is null || await _names.OpenAsync(actor.Actor, actor.Name, ct) is not null
                ? null
                : "sealed for another actor";
        }
        catch (KeyUnavailableException failure)
        {
            return failure.IsDamaged ? "a text that cannot be opened" : null;
        }
    }
}
