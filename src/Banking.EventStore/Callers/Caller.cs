namespace Banking.EventStore.Callers;

/// <summary>The caller of a request: who, in which role, by which channel.</summary>
/// <param name="Actor">The subject of the token, or the name of the sending service on the bus.</param>
/// <param name="Role">One of <see cref="Roles"/>.</param>
/// <param name="CustomerId">The customer behind a caller of role customer; null for staff.</param>
/// <param name="Channel">One of <see cref="Channels"/>.</param>
public sealed record Caller(string Actor, string Role, Guid? CustomerId, string Channel)
{
    /// <summary>Whether a service of the bank sent the message for a user. The message does not carry the role of the user.</summary>
    public bool IsOnBehalfOfUser { get; init; }

    /// <summary>
    /// Whether the caller may choose the effective date: staff that books, and services of the bank that do not act for a user.
    /// </summary>
    public bool MaySetEffectiveAt => Role is Roles.Teller or Roles.Operator || (Role == Roles.Service && !IsOnBehalfOfUser);

    /// <summary>Whether the caller is staff, who may see everything; a customer sees only their own data.</summary>
    public bool IsStaff => Role is Roles.Teller or Roles.Operator or Roles.Auditor or Roles.Service;
}

/// <summary>The roles a caller can have. One role per token.</summary>
public static class Roles
{
    public const string Customer = "customer";
    public const string Teller = "teller";
    public const string Operator = "operator";
    public const string Auditor = "auditor";

    /// <summary>A service that sends commands by message: the bank itself, or one outside. It may do nothing over HTTP.</summary>
    public const string Service = "service";

    /// <summary>The roles of callers over HTTP.</summary>
    public static readonly IReadOnlyList<string> All = [Customer, Teller, Operator, Auditor];

    /// <summary>The roles that a token can have.</summary>
    public static readonly IReadOnlyList<string> InTokens = [.. All, Service];
}

/// <summary>Channels recorded with each event.</summary>
public static class Channels
{
    public const string Http = "http";
    public const string Bus = "bus";
    public const string Import = "import";

    /// <summary>The bank itself, for commands that are due.</summary>
    public const string Clock = "clock";
}
