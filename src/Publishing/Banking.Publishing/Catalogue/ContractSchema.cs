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
/// A contract as JSON Schema 2020-12: at its root what the event's data is, as CloudEvents' dataschema promises, and under $defs/event the
/// whole event. Written as the serializer writes. Members that are not named are allowed, so that a member can be added and old readers
/// still read.
/// </summary>
public static class ContractSchema
{
    private static readonly JsonSchemaExporterOptions Exporter = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Explain,
    };

    /// <summary>The exporter asks for a resolver by name, which the serializer does not.</summary>
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

    /// <summary>What is told.</summary>
    public static JsonObject Data(PublicContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return Wire.GetJsonSchemaAsNode(contract.Data, Exporter).AsObject();
    }

    /// <summary>The CloudEvent that tells it.</summary>
    /// <param name="data">Where the schema of its data stands.</param>
    public static JsonObject Event(PublicContract contract, string data)
    {
        ArgumentNullException.ThrowIfNull(contract);
        var about = $"^{contract.Prefix}_[0-9a-f]{{32}}$";
        // What only happened about an account has no place among its facts.
        string[] ofAFact = contract.About is null ? ["streamversion"] : [];
        return new()
        {
            ["type"] = "object",
            ["description"] = "A CloudEvents 1.0 event in structured JSON.",
            ["properties"] = new JsonObject
            {
                ["specversion"] = Constant("1.0", "Version of CloudEvents."),
                ["id"] = Text(
                    "^evt_[0-9a-f]{32}$",
                    "Whoever has seen this id has seen this event; the same on every way out, however often it is delivered."),
                ["source"] = Format("uri-reference", "Which bank it comes from."),
                ["type"] = Constant(contract.Type, "Name and version of the contract."),
                ["subject"] = Text(about, "What it is about. All events of one subject are delivered in order."),
                ["time"] = Format("date-time", "When the bank recorded it."),
                ["datacontenttype"] = Constant("application/json", "What the data is."),
                ["dataschema"] = Constant(
                    PublicContract.SchemaId(contract.Type),
                    "The $id of the schema of the data, which the bank serves at /contracts/TYPE.json."),
                ["partitionkey"] = Text(about, "The subject again: what keeps its events in one partition."),
                ["streamversion"] = Number("Its place among the events of the subject."),
                ["previousversion"] = Number(
                    "The subject's published event right before it; absent on the first. Whoever lacks that one has missed it."),
                ["globalposition"] = Text("^[0-9]+$", "Its place in the whole log: digits, because it outgrows CloudEvents' integers."),
                ["data"] = new JsonObject { ["$ref"] = data },
            },
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
                            .. ofAFact,
                            "globalposition",
                            "data",
                        ]).Select(name => (JsonNode)name),
            ]),
            ["additionalProperties"] = true,
        };
    }

    /// <summary>What the serializer's own description cannot know: our converters, our comments, how a text looks.</summary>
    private static JsonObject Explain(JsonSchemaExporterContext context, JsonNode node)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        // A converter of ours is described as "true": anything at all.
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
            // What the bank reads is strict; whoever reads what the bank tells must not be.
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
