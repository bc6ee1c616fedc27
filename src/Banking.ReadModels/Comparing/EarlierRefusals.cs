using Banking.Commands;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Finds the refusals of receipts that name no event, as earlier versions wrote them. The scope of such a receipt had no customer, so its
/// id is made of actor, operation and key of a refusal that was recorded about then.
/// </summary>
internal static class EarlierRefusals
{
    private const string Candidates =
        $"""
        select i.receipt, f.data ->> 'actor', f.data ->> 'operation', f.data ->> 'idempotencyKey'
        from unnest($1, $2, $3) as i(receipt, lowest, highest)
        join {CommandsModule.RefusalTable} f on f.id between i.lowest and i.highest
        """;

    /// <summary>Returns the receipts that have no refusal.</summary>
    public static async Task<IReadOnlyCollection<Guid>> MissingAsync(
        NpgsqlConnection snapshot, IReadOnlyList<(Guid Id, DateTimeOffset RecordedAt)> receipts, CancellationToken ct)
    {
        if (receipts.Count == 0)
        {
            return [];
        }

        var missing = receipts.Select(r => r.Id).ToHashSet();
        var ranges = receipts.Select(r => EarlierReceipts.RefusalsAbout(r.RecordedAt)).ToList();
        var found = await snapshot.ListAsync(
            Candidates,
            [receipts.Select(r => r.Id).ToArray(), ranges.Select(r => r.Lowest).ToArray(), ranges.Select(r => r.Highest).ToArray()],
            row => (Receipt: row.GetGuid(0), IsIt: Id(row) == row.GetGuid(0)),
            ct,
            timeoutSeconds: 0);
        missing.ExceptWith(found.Where(f => f.IsIt).Select(f => f.Receipt));
        return missing;
    }

    private static Guid? Id(NpgsqlDataReader row) =>
        row.IsDBNull(1) || row.IsDBNull(2) || row.IsDBNull(3)
            ? null
            : CommandContext.Scope(null, row.GetString(1), row.GetString(2), row.GetString(3));
}
