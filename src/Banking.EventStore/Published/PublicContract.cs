using JasperFx.Events;

namespace Banking.EventStore.Published;

/// <summary>
/// The published form of a stored event, and its name. It is separate from the stored event, so that either can change without the other:
/// name and shape are a permanent promise to unknown readers.
/// </summary>
/// <param name="Type">Name and version, such as <c>banking.account.money-deposited.v1</c>. A different shape is a new version.</param>
/// <param name="Stored">The stored event.</param>
/// <param name="Data">Type of the published data: a contract record, never with personal data.</param>
/// <param name="Prefix">Prefix of the subject's id, such as <c>acc</c>.</param>
public sealed record PublicContract(string Type, Type Stored, Type Data, string Prefix)
{
    /// <summary>Makes the published data from a stored event; null if this event is not published.</summary>
    public required Func<IEvent, object?> ToData { get; init; }

    /// <summary>Returns the stream that the event is about; null if it is the event's own stream.</summary>
    public Func<IEvent, Guid>? About { get; init; }

    /// <summary>
    /// Returns the stream that stores such events, from the stream that they are about; null if it is the same stream, or if each of these
    /// events has a stream of its own, as refusals have.
    /// </summary>
    public Func<Guid, Guid>? StoredIn { get; init; }

    /// <summary>Whether each reader gets the event, whatever its filter.</summary>
    public bool IsForEveryone { get; init; }

    /// <summary>
    /// Returns the identifier of the JSON Schema of a contract. Absolute, because CloudEvents requires it of dataschema (its SDKs refuse
    /// relative ones), and without a host, because a bank may have several names.
    /// </summary>
    public static string SchemaId(string type) => $"urn:banking:contract:{type}";

    /// <summary>Returns the path at which the host serves the JSON Schema of a contract.</summary>
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

    /// <summary>Returns the contract of a stored event, or null.</summary>
    public PublicContract? Find(Type stored) => _byStored.GetValueOrDefault(stored);

    /// <summary>The streams that store the published events about a stream: its own first. Refusals are not among them.</summary>
    public IEnumerable<Guid> StreamsAbout(Guid stream) =>
        All.Select(c => c.StoredIn).OfType<Func<Guid, Guid>>().Select(storedIn => storedIn(stream)).Prepend(stream).Distinct();

    public bool IsKnown(string type) => All.Any(c => c.Type == type);
}
