namespace Banking.Customers.Contracts;

/// <summary>Lets other modules recognise a customer's stream in the event log without reading it.</summary>
public static class CustomerStreams
{
    /// <summary>The stored stream type of customers.</summary>
    public const string Type = "customer";

    /// <summary>The prefix of a customer's public id.</summary>
    public const string Prefix = "cus";
}
