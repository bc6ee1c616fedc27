using Banking.Migration.Berka;
using Banking.Platform.Comparing;

namespace Banking.Host.Database;

/// <summary>Ids of imported movements, which only the reader of their source can make.</summary>
internal static class ImportedRows
{
    private const string Rounding = "/rounding";

    /// <summary>The file that movements come from.</summary>
    private const string Movements = "trans";

    public static ImportRule Berka { get; } = new(Problem);

    private static string? Problem(ReceiptedEvent e, ImportedRow row) =>
        row is not { System: BerkaRecord.System, ExternalId: { } account } || !row.File.StartsWith(Movements, StringComparison.Ordinal)
        || BerkaRecord.Movement(account, row.Id, e.Key!.EndsWith(Rounding, StringComparison.Ordinal)) == e.Id
            ? null
            : "the id of a movement is made from its row";
}
