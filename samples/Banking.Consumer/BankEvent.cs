using System.Net.Mime;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;

namespace Banking.Consumer;

/// <summary>What a book needs of one published event.</summary>
/// <param name="Id">The same in each delivery of the event.</param>
/// <param name="Type">What happened, with its version: <c>banking.account.money-deposited.v1</c>.</param>
/// <param name="Place">Where it stands in the series of an account; null for what changed no account.</param>
/// <param name="Effect">What it adds to the balance; null where it moves no money, or is of a type that is not known here.</param>
public sealed record BankEvent(string Id, string Type, Place? Place, Money? Effect)
{
    private const string Prefix = "banking.account.";
    private const string Opened = Prefix + "account-opened.v1";

    private static readonly JsonEventFormatter Format = new();

    // Without these the reader would take the numbers for numbers too, but would not refuse a text in their place.
    private static readonly CloudEventAttribute Version = CloudEventAttribute.CreateExtension(
        "streamversion", CloudEventAttributeType.Integer);
    private static readonly CloudEventAttribute Previous = CloudEventAttribute.CreateExtension(
        "previousversion", CloudEventAttributeType.Integer);

    /// <summary>Whether the account began with this event, so that its balance was zero before.</summary>
    public bool OpensAccount => Type == Opened;

    /// <summary>Reads a CloudEvent in structured JSON.</summary>
    /// <exception cref="FormatException">It is none, or one of the bank's that is not as agreed. To skip it would be to lose money
    /// silently.</exception>
    public static BankEvent Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            var cloudEvent = Format.DecodeStructuredModeMessage(body, new ContentType("application/cloudevents+json"), [Version, Previous]);
            return new(
                cloudEvent.Id!,
                cloudEvent.Type!,
                PlaceOf(cloudEvent),
                EffectOf(cloudEvent.Type!, cloudEvent.Data as JsonElement? ?? default));
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException($"An event cannot be read: {e.Message}", e);
        }
    }

    private static Place? PlaceOf(CloudEvent cloudEvent) => (cloudEvent.Subject, cloudEvent[Version], cloudEvent[Previous]) switch
    {
        (_, null, _) => null,
        (null, _, _) => throw new FormatException($"{cloudEvent.Id} has a place in a series, but not in whose."),
        (var account, int version, null) => new(account, version, null),
        (var account, int version, int previous) when previous < version => new(account, version, previous),
        _ => throw new FormatException($"{cloudEvent.Id} stands before the event that it follows."),
    };

    private static Money? EffectOf(string type, JsonElement data) => type switch
    {
        // Nothing yet, but in a currency.
        Opened => Amount(data, "overdraftLimit") with { Value = 0m },
        Prefix + "money-deposited.v1" or Prefix + "transfer-received.v1" => Amount(data),
        Prefix + "money-withdrawn.v1" or Prefix + "transfer-sent.v1" => -Amount(data),
        Prefix + "correction-booked.v1" => data.GetProperty("direction").GetString() switch
        {
            "credit" => Amount(data),
            "debit" => -Amount(data),
            var other => throw new FormatException($"A correction is a credit or a debit, not '{other}'."),
        },
        // A type that is new since this was written is no reason to stop: it keeps its place in the series and moves nothing here.
        _ => null,
    };

    private static Money Amount(JsonElement data, string name = "amount") => Money.Read(data.GetProperty(name));
}

/// <summary>A place in the series of an account.</summary>
/// <param name="Account">Whose series it is.</param>
/// <param name="Version">The place among all of the account's events, of which not every one is published.</param>
/// <param name="Previous">The place of the account's event that was published right before; null for the first.</param>
public sealed record Place(string Account, long Version, long? Previous);
