using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Banking.EventStore.Json;
using Banking.EventStore.Published;
using Banking.SharedKernel;
using Banking.Web.Commands;

namespace Banking.Publishing.Catalogue;

/// <summary>
/// A contract as JSON Schema 2020-12. Its root describes the event's data, as the attribute dataschema of CloudEvents requires, and
/// $defs/event the whole event. It describes the output of the serializer. Unknown members are allowed, so that members can be added
/// without breaking existing readers.
/// </summary>
public static class ContractSchema
{
    private const string IdText =
        "The id of the event, the same on every channel and for every repeated delivery: consumers recognise repeats by it.";

    private const string PositionText = "The position in the log, as digits because it can exceed the integers of CloudEvents.";

    private const string EpochText =
        "The epoch of the log, which changes when the database is restored to an older state: positions of different epochs "
        + "must not be compared. Absent from events that were published before there were epochs.";

    private const string PreviousVersionText =
        "The version of the subject's preceding published event; absent for the first. "
        + "A consumer that does not have that version has missed an event.";

    /// <summary>The serializer rejects unknown members of what it reads; readers of published events must not.</summary>
    private static readonly JsonSchemaExporterOptions Exporter = CreateExporter(areUnknownMembersAllowed: true);

    private static readonly JsonSchemaExporterOptions CommandExporter = CreateExporter(areUnknownMembersAllowed: false);

    /// <summary>The exporter needs an explicit resolver, the serializer does not.</summary>
    private static readonly JsonSerializerOptions Wire = new(ApiJson.Options) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    private static readonly JsonSerializerOptions CommandWire =
        new(ApiJson.Messages) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    public static JsonObject Of(PublicContract contract)
    {
        var schema = Named(contract.Type, Data(contract));
        schema["$defs"] = new JsonObject { ["event"] = Event(contract, "#") };
        return schema;
    }

    /// <summary>The schema of a command that services send by message. The bank refuses members that it does not know.</summary>
    public static JsonObject Of(BusCommand command)
    {
        return Named(command.Name, Data(command));
    }

    /// <summary>The schema of the command's message.</summary>
    public static JsonObject Data(BusCommand command)
    {
        var schema = CommandWire.GetJsonSchemaAsNode(command.Type, CommandExporter).AsObject();
        DescribeDefaults(command.Type, schema["properties"]!.AsObject());
        return schema;
    }

    /// <summary>
    /// Describes optional members whose type has a converter of its own. The exporter gives such a member its default value, and nothing
    /// else.
    /// </summary>
    private static void DescribeDefaults(Type type, JsonObject members)
    {
        foreach (var property in CommandWire.GetTypeInfo(type).Properties)
        {
            if (members[property.Name] is not JsonObject { Count: 1 } member || !member.TryGetPropertyValue("default", out var value))
            {
                continue;
            }

            var schema = CommandWire.GetJsonSchemaAsNode(property.PropertyType, CommandExporter).AsObject();
            if (value is null)
            {
                schema["type"] = new JsonArray(schema["type"]!.DeepClone(), "null");
            }

            schema["default"] = value?.DeepClone();
            schema.Remove("description");
            schema["description"] = ContractDocs.Of((PropertyInfo)property.AttributeProvider!);
            members[property.Name] = schema;
        }
    }

    private static JsonObject Named(string type, JsonObject schema)
    {
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "$id", PublicContract.SchemaId(type));
        schema.Insert(2, "title", type);
        return schema;
    }

    /// <summary>The schema of the event's data.</summary>
    public static JsonObject Data(PublicContract contract)
    {
        return Wire.GetJsonSchemaAsNode(contract.Data, Exporter).AsObject();
    }

    /// <summary>The schema of the whole CloudEvent.</summary>
    /// <param name="data">The pointer to the schema of the data.</param>
    public static JsonObject Event(PublicContract contract, string data)
    {
        // An event about an account that is not in its stream has no version.
        var versionOfStreamEvent = contract.About is null ? """ "streamversion", """ : "";
        return JsonNode.Parse($$"""
            {
              "type": "object",
              "description": "A CloudEvents 1.0 event in structured JSON.",
              "properties": {
                "specversion": { "type": "string", "const": "1.0", "description": "Version of CloudEvents." },
                "id": { "type": "string", "pattern": "^evt_[0-9a-f]{32}$", "description": "{{IdText}}" },
                "source": { "type": "string", "format": "uri-reference", "description": "The bank that the event comes from." },
                "type": { "type": "string", "const": "{{contract.Type}}", "description": "Name and version of the contract." },
                "subject": {
                  "type": "string",
                  "pattern": "^{{contract.Prefix}}_[0-9a-f]{32}$",
                  "description": "The id of the object that the event is about. Events of one subject are delivered in order."
                },
                "time": { "type": "string", "format": "date-time", "description": "When the bank recorded it." },
                "datacontenttype": { "type": "string", "const": "application/json", "description": "The media type of the data." },
                "dataschema": {
                  "type": "string",
                  "const": "{{PublicContract.SchemaId(contract.Type)}}",
                  "description": "The $id of the schema of the data, which the bank serves at /contracts/TYPE.json."
                },
                "partitionkey": {
                  "type": "string",
                  "pattern": "^{{contract.Prefix}}_[0-9a-f]{32}$",
                  "description": "The same as subject; it keeps the events of a subject in one partition."
                },
                "streamversion": { "type": "integer", "minimum": 1, "description": "The version of the subject's stream." },
                "previousversion": { "type": "integer", "minimum": 1, "description": "{{PreviousVersionText}}" },
                "globalposition": { "type": "string", "pattern": "^[0-9]+$", "description": "{{PositionText}}" },
                "epoch": { "type": "string", "pattern": "^[0-9a-f]{32}$", "description": "{{EpochText}}" },
                "data": { "$ref": "{{data}}" }
              },
              "required": [
                "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "partitionkey",
                {{versionOfStreamEvent}} "globalposition", "data"
              ],
              "additionalProperties": true
            }
            """)!.AsObject();
    }

    private static JsonSchemaExporterOptions CreateExporter(bool areUnknownMembersAllowed) => new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, node) => Explain(context, node, areUnknownMembersAllowed),
    };

    /// <summary>The schema of a value that only commands have; null for other types.</summary>
    private static JsonObject? ValueSchema(Type type) =>
        type == typeof(Money) ? JsonNode.Parse("""
            {
              "type": "object",
              "properties": {
                "value": {
                  "type": "string",
                  "pattern": "^[0-9]+(\\.[0-9]+)?$",
                  "description": "An unsigned decimal with no more decimals than the currency has: \"125.50\", JPY \"500\", KWD \"1.234\"."
                },
                "currency": { "type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217 code." }
              },
              "required": ["value", "currency"],
              "additionalProperties": false
            }
            """)!.AsObject()
        : type == typeof(Currency) ? new() { ["type"] = "string", ["pattern"] = "^[A-Z]{3}$" }
        : type == typeof(AccountNumber) ? new() { ["type"] = "string" }
        : null;

    /// <summary>Adds what the exporter does not know: custom converters, XML comments, text patterns.</summary>
    private static JsonObject Explain(JsonSchemaExporterContext context, JsonNode node, bool areUnknownMembersAllowed)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        // The exporter describes a custom converter as "true", which allows any value.
        var schema = node as JsonObject ?? [];
        if (type.IsEnum)
        {
            schema["type"] = "string";
            schema["enum"] = new JsonArray([.. Enum.GetNames(type).Select(n => (JsonNode)WireNames.Of(n))]);
        }
        else if (type == typeof(DateTimeOffset))
        {
            schema["type"] = "string";
            schema["format"] = "date-time";
        }
        else if (ValueSchema(type) is { } value)
        {
            schema = value;
        }
        else if (schema.ContainsKey("properties"))
        {
            schema["additionalProperties"] = areUnknownMembersAllowed;
        }

        if (context.PropertyInfo?.AssociatedParameter?.AttributeProvider?.GetCustomAttributes(typeof(RegularExpressionAttribute), false) is
            [RegularExpressionAttribute shape])
        {
            schema["pattern"] = shape.Pattern;
        }

        var description = context.PropertyInfo?.AttributeProvider is PropertyInfo property
            ? ContractDocs.Of(property)
            : ContractDocs.Of(type);
        if (description.Length > 0)
        {
            schema["description"] = description;
        }

        return schema;
    }
}
