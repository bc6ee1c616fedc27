using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Banking.EventStore.Json;
using Banking.EventStore.Published;

namespace Banking.Publishing.Catalogue;

/// <summary>
/// A contract as JSON Schema 2020-12. Its root describes the event's data, as the attribute dataschema of CloudEvents requires, and
/// $defs/event the whole event. It describes the output of the serializer. Unknown members are allowed, so that members can be added
/// without breaking existing readers.
/// </summary>
public static class ContractSchema
{
    private static readonly JsonSchemaExporterOptions Exporter = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Explain,
    };

    /// <summary>The exporter needs an explicit resolver, the serializer does not.</summary>
    private static readonly JsonSerializerOptions Wire = new(ApiJson.Options) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    public static JsonObject Of(PublicContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        var schema = Data(contract);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "$id", PublicContract.SchemaId(contract.Type));
        schema.Insert(2, "title", contract.Type);
        schema["$defs"] = new JsonObject { ["event"] = Event(contract, "#") };
        return schema;
    }

    /// <summary>The schema of the event's data.</summary>
    public static JsonObject Data(PublicContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return Wire.GetJsonSchemaAsNode(contract.Data, Exporter).AsObject();
    }

    /// <summary>The schema of the whole CloudEvent.</summary>
    /// <param name="data">The pointer to the schema of the data.</param>
    public static JsonObject Event(PublicContract contract, string data)
    {
        ArgumentNullException.ThrowIfNull(contract);
        // An event about an account that is not in its stream has no version.
        string[] ofStreamEvent = contract.About is null ? ["streamversion"] : [];
        return new()
        {
            ["type"] = "object",
            ["description"] = "A CloudEvents 1.0 event in structured JSON.",
            ["properties"] = EventProperties(contract, data),
            ["required"] = new JsonArray([
                .. (
                    (string[])
                        [
                            "specversion",
                            "id",
                            "source",
                            "type",
                            "subject",
                            "time",
                            "datacontenttype",
                            "dataschema",
                            "partitionkey",
                            .. ofStreamEvent,
                            "globalposition",
                            "data",
                        ]).Select(name => (JsonNode)name),
            ]),
            ["additionalProperties"] = true,
        };
    }

    private static JsonObject EventProperties(PublicContract contract, string data)
    {
        var subject = $"^{contract.Prefix}_[0-9a-f]{{32}}$";
        return new()
        {
            ["specversion"] = Constant("1.0", "Version of CloudEvents."),
            ["id"] = Text(
                "^evt_[0-9a-f]{32}$",
                "The id of the event, the same on every channel and for every repeated delivery: consumers recognise repeats by it."),
            ["source"] = Format("uri-reference", "The bank that the event comes from."),
            ["type"] = Constant(contract.Type, "Name and version of the contract."),
            ["subject"] = Text(subject, "The id of the object that the event is about. Events of one subject are delivered in order."),
            ["time"] = Format("date-time", "When the bank recorded it."),
            ["datacontenttype"] = Constant("application/json", "The media type of the data."),
            ["dataschema"] = Constant(
                PublicContract.SchemaId(contract.Type),
                "The $id of the schema of the data, which the bank serves at /contracts/TYPE.json."),
            ["partitionkey"] = Text(subject, "The same as subject; it keeps the events of a subject in one partition."),
            ["streamversion"] = Number("The version of the subject's stream."),
            ["previousversion"] = Number(
                "The version of the subject's preceding published event; absent for the first. "
                + "A consumer that does not have that version has missed an event."),
            ["globalposition"] = Text(
                "^[0-9]+$", "The position in the log, as digits because it can exceed the integers of CloudEvents."),
            ["data"] = new JsonObject { ["$ref"] = data },
        };
    }

    /// <summary>Adds what the exporter does not know: custom converters, XML comments, text patterns.</summary>
    private static JsonObject Explain(JsonSchemaExporterContext context, JsonNode node)
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
        else if (schema.ContainsKey("properties"))
        {
            // The serializer rejects unknown members of requests; readers of published events must not.
            schema["additionalProperties"] = true;
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

    private static JsonObject Text(string pattern, string description) =>
        new() { ["type"] = "string", ["pattern"] = pattern, ["description"] = description };

    private static JsonObject Format(string format, string description) =>
        new() { ["type"] = "string", ["format"] = format, ["description"] = description };

    private static JsonObject Constant(string value, string description) =>
        new() { ["type"] = "string", ["const"] = value, ["description"] = description };

    private static JsonObject Number(string description) =>
        new() { ["type"] = "integer", ["minimum"] = 1, ["description"] = description };
}
