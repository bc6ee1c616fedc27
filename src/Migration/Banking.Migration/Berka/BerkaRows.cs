using Banking.Migration.Reconciling;

namespace Banking.Migration.Berka;

internal sealed record ClientRow(long Id, DateOnly BirthDate, string Gender, long District, int Line);

internal sealed record AccountRow(long Id, DateOnly Opened, int Line)
{
    public DispositionRow? Owner { get; set; }

    public List<DispositionRow> Delegates { get; } = [];

    public List<BookedRow> Rows { get; } = [];
}

/// <summary>Who may use an account.</summary>
internal sealed record DispositionRow(long Id, long ClientId, int Line);

/// <summary>The five files, whole and consistent, in the order of their rows.</summary>
/// <param name="OrdersRead">Standing orders are checked like the rest and counted; the bank has nothing yet that they could become.</param>
internal sealed record BerkaRows(IReadOnlyList<ClientRow> Clients, IReadOnlyList<AccountRow> Accounts, int OrdersRead);
