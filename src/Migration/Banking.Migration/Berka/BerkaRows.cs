using Banking.Accounts.Contracts;
using Banking.Migration.Reconciling;

namespace Banking.Migration.Berka;

/// <summary>A customer, in client.asc.</summary>
internal sealed record ClientRow(long Id, DateOnly BirthDate, string Gender, long District, int Line);

/// <summary>An account, in account.asc, with its rows in the other files.</summary>
internal sealed record AccountRow(long Id, DateOnly Opened, StatementFrequency Statements, int Line)
{
    public DispositionRow? Owner { get; set; }

    public List<DispositionRow> Delegates { get; } = [];

    public List<BookedRow> Rows { get; } = [];
}

/// <summary>The right of a client to use an account, in disp.asc.</summary>
internal sealed record DispositionRow(long Id, long ClientId, int Line);

/// <summary>The content of the five files, complete and consistent, in the order of their rows.</summary>
/// <param name="OrdersRead">The number of standing orders. They are checked but not imported, because the bank has none yet.</param>
internal sealed record BerkaRows(IReadOnlyList<ClientRow> Clients, IReadOnlyList<AccountRow> Accounts, int OrdersRead);
