using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Banking.Web.OpenApi;

/// <summary>
/// An example of each request and answer, made from its schema: the members that are always there, or all if none is, with values by their
/// names and forms.
/// </summary>
internal sealed class Examples(OpenApiDocument document)
{
    /// <summary>An idempotency key.</summary>
    public const string Key = "rent-2026-11";

    private const string Account = "acc_0198f3a2c4d07e5f8a1b2c3d4e5f6071";

    private static readonly Dictionary<string, string> Texts = new()
    {
        ["accountId"] = Account,
        ["account"] = Account,
        ["fromAccountId"] = Account,
        ["toAccountId"] = "acc_0198f3a2c4d07e5f8a1b2c3d4e5f6072",
        ["customerId"] = "cus_0198f3a2c4d07e5f8a1b2c3d4e5f6071",
        ["eventId"] = "evt_0198f3a2c4d07e5f8a1b2c3d4e5f6071",
        ["currency"] = "EUR",
        ["value"] = "12.50",
        ["limit"] = "500.00",
        ["number"] = "XB09DEMO000000000001",
        ["name"] = "Ada",
        ["reason"] = "rent",
        ["reasonCode"] = "customer-request",
        ["idempotencyKey"] = Key,
        ["url"] = "https://example.org/events",
        ["from"] = "2026-10-01",
        ["to"] = "2026-11-01",
        ["product"] = "current",
        ["actor"] = "teller-7",
        ["role"] = "teller",
        ["status"] = "completed",
        ["nextCursor"] = "42",
        ["commandHash"] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ["accounts"] = Account,
        ["omit"] = "dep_0198f3a2c4d07e5f8a1b2c3d4e5f6071",
    };

    /// <summary>Accounts of the demo bank, so that a request of the documentation page can be sent as it is.</summary>
    private static readonly Dictionary<string, string> OfRequests = new()
    {
        ["accountId"] = "XB09DEMO000000000001",
        ["fromAccountId"] = "XB09DEMO000000000001",
        ["toAccountId"] = "XB79DEMO000000000002",
    };

    /// <summary>The members of the example of a record whose members exclude each other.</summary>
    private static readonly Dictionary<string, string[]> Chosen = new()
    {
        ["SimulationRequest"] = ["accounts", "overdraftLimit", "changes"],
        ["SimulatedChange"] = ["omit"],
    };

    /// <summary>The prefixes of public ids by the record that has them.</summary>
    private static readonly Dictionary<string, string> Prefixes = new()
    {
        ["AccountView"] = "acc",
        ["CustomerView"] = "cus",
        ["TransferView"] = "trf",
        ["MovementView"] = "dep",
        ["EntryView"] = "dep",
        ["EventView"] = "evt",
    };

    public static void Add(OpenApiDocument document)
    {
        var examples = new Examples(document);
        foreach (var operation in document.Paths.Values.SelectMany(p => p.Operations!.Values))
        {
            examples.Add(operation.RequestBody?.Content);
            foreach (var (_, answer) in operation.Responses!.Where(r => r.Key[0] == '2'))
            {
                examples.Add(answer.Content);
            }
        }
    }

    private void Add(IDictionary<string, OpenApiMediaType>? forms)
    {
        foreach (var (_, form) in forms?.Where(f => f.Key.EndsWith("json", StringComparison.Ordinal)) ?? [])
        {
            form.Example = Of(form.Schema, "", "");
        }
    }

    private JsonNode? Of(IOpenApiSchema? schema, string record, string member)
    {
        if (schema is OpenApiSchemaReference { Reference.Id: { } id })
        {
            return Of(document.Components!.Schemas![id], id, member);
        }

        var type = schema?.Type & ~JsonSchemaType.Null;
        return schema switch
        {
            { Enum: [var first, ..] } => first!.DeepClone(),
            { Properties: { Count: > 0 } members } => new JsonObject(
                members.Where(m => Chosen.TryGetValue(record, out var chosen)
                        ? chosen.Contains(m.Key)
                        : schema.Required is not { Count: > 0 } || schema.Required.Contains(m.Key))
                    .Select(m => KeyValuePair.Create(m.Key, Of(m.Value, record, m.Key)))),
            // A record that may be null.
            { OneOf: { Count: > 0 } either } => Of(either.First(s => s.Type != JsonSchemaType.Null), record, member),
            { Items: { } item } => new JsonArray(Of(item, record, member)),
            { Format: "date-time" } => "2026-11-17T15:00:00+00:00",
            { Format: "date" } => "2026-11-17",
            { Format: "uuid" } => "0198f3a2-c4d0-7e5f-8a1b-2c3d4e5f6071",
            _ when type == JsonSchemaType.Array => new JsonArray(),
            _ when type == JsonSchemaType.Integer => 1,
            _ when type == JsonSchemaType.Number => 0.5,
            _ when type == JsonSchemaType.Boolean => true,
            _ when type == JsonSchemaType.String => Text(record, member),
            _ => new JsonObject(),
        };
    }

    private static string Text(string record, string member) =>
        member == "id" && Prefixes.TryGetValue(record, out var prefix) ? $"{prefix}_0198f3a2c4d07e5f8a1b2c3d4e5f6071"
        : record.EndsWith("Request", StringComparison.Ordinal) && OfRequests.TryGetValue(member, out var demo) ? demo
        : Texts.GetValueOrDefault(member, member.Length > 0 ? member : "text");
}
