namespace Banking.SampleHistory;

/// <summary>A row of client.asc.</summary>
/// <param name="BirthNumber">yymmdd, with 50 added to the month for women.</param>
public sealed record Client(int Id, string BirthNumber, int District);

/// <summary>A row of account.asc.</summary>
public sealed record Account(int Id, int District, string Frequency, DateOnly Opened);

/// <summary>A row of disp.asc.</summary>
public sealed record Disposition(int Id, int Client, int Account, string Type);

/// <summary>A row of order.asc. The amount is in hellers.</summary>
public sealed record StandingOrder(int Id, int Account, string Bank, string OtherAccount, long Amount, string Purpose);

/// <summary>The words of a row of trans.asc.</summary>
public readonly record struct Words(string Type, string Operation, string Purpose);

/// <summary>
/// A row of trans.asc. Amount and balance are in hellers, as exported; the bank's own figures may be more precise.
/// </summary>
/// <param name="Difference">The change of the exported balance since the previously booked row, minus the row's amount.</param>
public sealed record Booking(
    int Account, DateOnly Date, Words Words, long Amount, long Balance, string Bank, string OtherAccount, long Difference)
{
    /// <summary>The id is assigned after the rows of all accounts are generated.</summary>
    public int Id { get; init; }

    public bool IsCredit => Words.Type == BankWords.Credit;
}
