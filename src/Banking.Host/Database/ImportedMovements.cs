using Banking.Migration.Berka;
using Banking.ReadModels.Comparing;

namespace Banking.Host.Database;

/// <summary>The rule for the ids of imported movements. Only the reader of the source files can derive them.</summary>
internal static class ImportedMovements
{
    private const string RoundingSuffix = "/rounding";

    private const string TransactionFile = "trans";

    public static ImportRule Berka { get; } = new(FindProblem);

    private static string? FindProblem(ReceiptedEvent e, ImportedRow row) =>
        row is not { System: BerkaRecord.System, ExternalId: { } account }
        || !row.File.StartsWith(TransactionFile, StringComparison.Ordinal)
        || BerkaRecord.Movement(account, row.Id, e.Key!.EndsWith(RoundingSuffix, StringComparison.Ordinal)) == e.Id
            ? null
            : "the id of a movement is derived from its row";
}
