using System.Buffers;
using System.Text.Json;
using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.EventStore.Published;

namespace Banking.Publishing.Log;

/// <summary>
/// A published event: a CloudEvents 1.0 event in structured JSON, with the same bytes at every destination. It keeps the id, position and
/// time of the stored event, and has the data of its contract.
/// </summary>
/// <param name="Id">The stored event's id, <c>evt_…</c>; a consumer recognises a repeated delivery by it.</param>
/// <param name="Type">Name and version of the contract, such as <c>banking.account.money-deposited.v1</c>.</param>
/// <param name="Stream">The account; its events are delivered in order.</param>
/// <param name="Subject">The public id of the account, <c>acc_…</c>; also the partition key.</param>
/// <param name="Time">When the bank recorded it.</param>
/// <param name="Version">The version of the account's stream; null for an event about the account that is not part of its stream.</param>
/// <param name="PreviousVersion">The version of the account's preceding published event; null for the first published event.</param>
/// <param name="Position">The position in the log.</param>
/// <param name="Data">The data of the contract.</param>
public sealed record PublicEvent(
    string Id,
    string Type,
    Guid Stream,
    string Subject,
    DateTimeOffset Time,
    long? Version,
    long? PreviousVersion,
    long Position,
    object Data)
{
    public const string ContentType = "application/cloudevents+json";

    /// <summary>The default of the source of events (Banking:Publishing:Source): a URI reference.</summary>
    public const string DefaultSource = "/banking";

    private byte[]? _json;

    /// <summary>The epoch of the log in which the position stands for this event.</summary>
    public required string Epoch { get; init; }

    /// <summary>Whether each reader gets the event, whatever its filter.</summary>
    public bool IsForEveryone { get; init; }

    /// <summary>
    /// Why the stored event cannot be read; null if it can be. Such an event holds its place in the log and is never delivered: type and
    /// subject are those of the stored event where the contract is not known.
    /// </summary>
    public UnreadableEventException? Unreadable { get; init; }

    /// <summary>Whether it may be of any type, because this version of the bank knows no version of the event.</summary>
    public bool IsOfUnknownType { get; init; }

    /// <summary>Whether it may be about any account: only its data would say which.</summary>
    public bool IsOfUnknownAccount { get; init; }

    /// <summary>The stream that stores it; another one than the account's for an event about an account.</summary>
    public Guid StoredIn { get; init; } = Stream;

    /// <summary>The bank that the event comes from.</summary>
    public string Source { get; init; } = DefaultSource;

    /// <summary>The event in the JSON format of CloudEvents, UTF-8. Serialized once.</summary>
    public ReadOnlyMemory<byte> Json => _json ??= Write();

    private byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = ApiJson.Options.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("specversion"u8, "1.0"u8);
            json.WriteString("id"u8, Id);
            json.WriteString("source"u8, Source);
            json.WriteString("type"u8, Type);
            json.WriteString("subject"u8, Subject);
            json.WriteString("time"u8, Time);
            json.WriteString("datacontenttype"u8, "application/json"u8);
            json.WriteString("dataschema"u8, PublicContract.SchemaId(Type));
            json.WriteString("partitionkey"u8, Subject);
            if (Version is { } version)
            {
                json.WriteNumber("streamversion"u8, version);
            }

            if (PreviousVersion is { } previous)
            {
                json.WriteNumber("previousversion"u8, previous);
            }

            // A string: integers of CloudEvents end at 2,147,483,647, and positions of the log may be larger.
            json.WriteString("globalposition"u8, Position.ToString(System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("epoch"u8, Epoch);
            json.WritePropertyName("data"u8);
            JsonSerializer.Serialize(json, Data, Data.GetType(), ApiJson.Options);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
