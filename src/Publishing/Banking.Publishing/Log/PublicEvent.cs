using System.Buffers;
using System.Text.Json;
using Banking.EventStore.Json;
using Banking.EventStore.Published;

namespace Banking.Publishing.Log;

/// <summary>
/// One fact as the world sees it: a CloudEvents 1.0 event in its structured JSON form, the same bytes on every way out. Of a stored event
/// it keeps its id, its place and its time, and tells what its contract tells.
/// </summary>
/// <param name="Id">The stored event's id, <c>evt_…</c>: whoever has seen it has seen this event.</param>
/// <param name="Type">Name and version of the contract, such as <c>banking.account.money-deposited.v1</c>.</param>
/// <param name="Stream">The account; all of its events are delivered in order.</param>
/// <param name="Subject">The same as it looks from outside, <c>acc_…</c>; also the partition key.</param>
/// <param name="Time">When the bank recorded it.</param>
/// <param name="Version">Its place among the account's events; null for what happened about an account and is none of its facts.</param>
/// <param name="PreviousVersion">The account's published event right before it; null for the first that was published.</param>
/// <param name="Position">Its place in the whole log.</param>
/// <param name="Data">What the contract tells.</param>
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

    /// <summary>Where events come from, until a bank says otherwise (Banking:Publishing:Source): a URI reference.</summary>
    public const string DefaultSource = "/banking";

    private byte[]? _json;

    /// <summary>Which bank it comes from.</summary>
    public string Source { get; init; } = DefaultSource;

    /// <summary>The event in CloudEvents' JSON format, UTF-8. Written once.</summary>
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

            // A string: integers of CloudEvents end at 2,147,483,647, and a log does not.
            json.WriteString("globalposition"u8, Position.ToString(System.Globalization.CultureInfo.InvariantCulture));
            json.WritePropertyName("data"u8);
            JsonSerializer.Serialize(json, Data, Data.GetType(), ApiJson.Options);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
