namespace Banking.Customers.Contracts;

/// <summary>Lets other modules recognise a customer's stream in the event log without reading it.</summary>
public static class CustomerStreams
{
    /// <summary>The stored stream type of customers.</summary>
    public const string Type = "customer";

    /// <summary>The prefix of a customer's public id.</summary>
    public const string Prefix = "cus";
}

/// <summary>The registration of a customer, as other modules see it: nothing about the person.</summary>
public interface ICustomerRegistered
{
    /// <summary>When the registration takes effect.</summary>
    DateTimeOffset EffectiveAt { get; }
}
