namespace Banking.SampleHistory;

/// <summary>A row of client.asc.</summary>
/// <param name="BirthNumber">yymmdd; for women 50 is added to the month.</param>
public sealed record Client(int Id, string BirthNumber, int District);

/// <summary>A row of account.asc.</summary>
public sealed record Account(int Id, int District, string Frequency, DateOnly Opened);

/// <summary>A row of disp.asc.</summary>
public sealed record Disposition(int Id, int Client, int Account, string Type);

/// <summary>A row of order.asc: amounts in hellers.</summary>
public sealed record StandingOrder(int Id, int Account, string Bank, string OtherAccount, long Amount, string Purpose);

/// <summary>The words of a row of trans.asc: what was done, and why.</summary>
public readonly record struct Words(string Type, string Operation, string Purpose);

/// <summary>
/// A row of trans.asc. Amount and balance are hellers as they are printed; the bank itself may have kept more than it prints.
/// </summary>
/// <param name="Difference">What amount and balances leave unexplained, with the row before it being the one that the bank booked
/// before.</param>
public sealed record Booking(
    int Account, DateOnly Date, Words Words, long Amount, long Balance, string Bank, string OtherAccount, long Difference)
{
    /// <summary>Numbers are given when all rows of all accounts are there.</summary>
    public int Id { get; init; }

    public bool IsCredit => Words.Type == BankWords.Credit;
}
