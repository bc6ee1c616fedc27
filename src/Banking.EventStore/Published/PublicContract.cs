using JasperFx.Events;

namespace Banking.EventStore.Published;

/// <summary>
/// What a stored event tells the world, and under which name. Apart from the stored event, so that either can change without the other:
/// a name and its shape are a promise to people we do not know, for ever.
/// </summary>
/// <param name="Type">Name and version, such as <c>banking.account.money-deposited.v1</c>. Another shape is another version.</param>
/// <param name="Stored">The stored event.</param>
/// <param name="Data">What is told: a contract record. Never personal data.</param>
/// <param name="Prefix">How the id of what it is about begins, such as <c>acc</c>.</param>
public sealed record PublicContract(string Type, Type Stored, Type Data, string Prefix)
{
    /// <summary>The facts of the stored event that are told; null where the world is told nothing of this one.</summary>
    public required Func<IEvent, object?> Tell { get; init; }

    /// <summary>Which account it is about, where the event is not one of the account's own.</summary>
    public Func<IEvent, Guid>? About { get; init; }

    /// <summary>
    /// What identifies the JSON Schema of a contract wherever it is served. Absolute, as CloudEvents asks of dataschema (a relative one is
    /// refused by its SDKs), and without a host, because a bank may be reached under several names.
    /// </summary>
    public static string SchemaId(string type) => $"urn:banking:contract:{type}";

    /// <summary>Where the host serves the JSON Schema of a contract.</summary>
    public static string SchemaPath(string type) => $"/contracts/{type}.json";
}

/// <summary>The contracts of all modules.</summary>
public sealed class PublicContracts
{
    private readonly Dictionary<Type, PublicContract> _byStored;

    public PublicContracts(IEnumerable<PublicContract> contracts)
    {
        All = [.. contracts.OrderBy(c => c.Type, StringComparer.Ordinal)];
        _byStored = All.ToDictionary(c => c.Stored);
    }

    public IReadOnlyList<PublicContract> All { get; }

    /// <summary>The contract of a stored event; null where it has none.</summary>
    public PublicContract? Find(Type stored) => _byStored.GetValueOrDefault(stored);

    public bool IsKnown(string type) => All.Any(c => c.Type == type);
}
