using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Banking.Architecture.Tests;

/// <summary>Writes the members of a JSON Schema as rows of a table.</summary>
internal static class SchemaTable
{
    public static void AddRows(StringBuilder text, JsonObject schema, string above)
    {
        foreach (var (name, node) in schema["properties"]!.AsObject())
        {
            var member = node!.AsObject();
            var optional = schema["required"]!.AsArray().Any(r => r!.GetValue<string>() == name) ? "" : ", optional";
            Line(text, $"| `{above}{name}` | {Form(member)}{optional} | {member["description"]} |");
            if (member.ContainsKey("properties"))
            {
                AddRows(text, member, $"{above}{name}.");
            }
        }
    }

    private static string Form(JsonObject member) =>
        member switch
        {
            _ when member["enum"] is JsonArray values => string.Join(", ", values.Select(v => $"`{v}`")),
            _ when member["pattern"] is { } pattern => $"`{pattern}`",
            _ when member["format"] is { } format => $"{format}",
            // An optional member may be null.
            _ when member["type"] is JsonArray types => $"{types[0]}",
            _ => $"{member["type"]}",
        };

    public static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
