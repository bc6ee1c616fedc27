using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.EventStore.Json;

/// <summary>
/// Writes and reads enum members as their names in kebab case, and accepts nothing else. The framework's converter also accepts other
/// letter cases and lists: "debit,credit" would be the member whose number equals the combined numbers.
/// </summary>
public sealed class WireNames : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert is { IsEnum: true };

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert))!;

    /// <summary>The name of a member in JSON.</summary>
    public static string Of(string member) => JsonNamingPolicy.KebabCaseLower.ConvertName(member);

    private sealed class Converter<T> : JsonConverter<T>
        where T : struct, Enum
    {
        private static readonly Dictionary<T, string> Names = Enum.GetValues<T>().ToDictionary(v => v, v => Of(v.ToString()));
        private static readonly Dictionary<string, T> Values = Names.ToDictionary(n => n.Value, n => n.Key);

        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && Values.TryGetValue(reader.GetString()!, out var value)
                ? value
                : throw new InvalidValueException($"One of {string.Join(", ", Values.Keys)} is expected.");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            writer.WriteStringValue(Names[value]);
        }
    }
}
