using System.Net.Mime;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;

namespace Banking.Consumer;

/// <summary>The parts of a published event that a book needs.</summary>
/// <param name="Id">The event's id, the same in each delivery.</param>
/// <param name="Type">The event's type with its version: <c>banking.account.money-deposited.v1</c>.</param>
/// <param name="Position">The position in the series of an account. Null if the event belongs to no account.</param>
/// <param name="Effect">The change of the balance. Null if the event moves no money or has an unknown type.</param>
/// <param name="Epoch">The epoch of the bank's log. It changes if the bank's database was restored to an older state.</param>
public sealed record BankEvent(string Id, string Type, SeriesPosition? Position, Money? Effect, string Epoch = "")
{
    private const string Prefix = "banking.account.";
    private const string Opened = Prefix + "account-opened.v1";

    private static readonly JsonEventFormatter Format = new();

    // Without these declarations the parser would accept a text in place of a number.
    private static readonly CloudEventAttribute Version = CloudEventAttribute.CreateExtension(
        "streamversion", CloudEventAttributeType.Integer);
    private static readonly CloudEventAttribute Previous = CloudEventAttribute.CreateExtension(
        "previousversion", CloudEventAttributeType.Integer);

    /// <summary>True for the first event of an account, before which its balance was zero.</summary>
    public bool OpensAccount => Type == Opened;

    /// <summary>Parses a CloudEvent in structured JSON.</summary>
    /// <exception cref="FormatException">The body is not a CloudEvent, or it violates the bank's contract. Skipping it would silently lose
    /// money.</exception>
    public static BankEvent Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            var cloudEvent = Format.DecodeStructuredModeMessage(body, new ContentType("application/cloudevents+json"), [Version, Previous]);
            return new(
                cloudEvent.Id!,
                cloudEvent.Type!,
                ReadPosition(cloudEvent),
                ReadEffect(cloudEvent.Type!, cloudEvent.Data as JsonElement? ?? default),
                cloudEvent["epoch"] as string ?? "");
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException($"An event cannot be read: {e.Message}", e);
        }
    }

    private static SeriesPosition? ReadPosition(CloudEvent cloudEvent) =>
        (cloudEvent.Subject, cloudEvent[Version], cloudEvent[Previous]) switch
        {
            (_, null, _) => null,
            (null, _, _) => throw new FormatException($"{cloudEvent.Id} has a position in a series but no account."),
            (var account, int version, null) => new(account, version, null),
            (var account, int version, int previous) when previous < version => new(account, version, previous),
            _ => throw new FormatException($"{cloudEvent.Id} has a position before the event that it follows."),
        };

    private static Money? ReadEffect(string type, JsonElement data) => type switch
    {
        // Zero, in the currency of the account.
        Opened => ReadAmount(data, "overdraftLimit") with { Value = 0m },
        Prefix + "money-deposited.v1" or Prefix + "transfer-received.v1" => ReadAmount(data),
        Prefix + "money-withdrawn.v1" or Prefix + "transfer-sent.v1" => -ReadAmount(data),
        Prefix + "correction-booked.v1" or Prefix + "movement-reversed.v1" or Prefix + "movement-rebooked.v1" =>
            data.GetProperty("direction").GetString() switch
            {
                "credit" => ReadAmount(data),
                "debit" => -ReadAmount(data),
                var other => throw new FormatException($"A correction must be a credit or a debit, not '{other}'."),
            },
        // A type that this consumer does not know keeps its position in the series and changes no balance.
        _ => null,
    };

    private static Money ReadAmount(JsonElement data, string name = "amount") => Money.Read(data.GetProperty(name));
}

/// <summary>A position in the series of published events of an account.</summary>
/// <param name="Account">The account's id.</param>
/// <param name="Version">The version among all events of the account, not all of which are published.</param>
/// <param name="Previous">The version of the account's previous published event. Null for the first.</param>
public sealed record SeriesPosition(string Account, long Version, long? Previous);
