using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.SharedKernel;

namespace Banking.EventStore.Sealing;

/// <summary>
/// Writes values that can be sealed as sealed texts, and reads them without opening them: who needs no content needs no key. A value that
/// was read sealed is written as the same text.
/// </summary>
/// <param name="texts">Null: values are written as they are, and a sealed one cannot be opened.</param>
public sealed class SealedValues(SealedTexts? texts) : JsonConverterFactory
{
    /// <summary>Whether plain values are read too, which earlier releases stored.</summary>
    public bool ReadsPlain { get; init; }

    public override bool CanConvert(Type typeToConvert) => typeToConvert.GetInterfaces().Any(i =>
        i.IsGenericType && i.GetGenericTypeDefinition() == typeof(ISealable<>) && i.GenericTypeArguments[0] == typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert), texts, ReadsPlain)!;

    private sealed class Converter<T>(SealedTexts? texts, bool readsPlain) : JsonConverter<T>
        where T : class, ISealable<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                return T.Of(new(reader.GetString()!, Open));
            }

            if (readsPlain && reader.TokenType == JsonTokenType.StartObject)
            {
                return T.OfPlain(Encoding.UTF8.GetBytes(JsonElement.ParseValue(ref reader).GetRawText()));
            }

            throw new JsonException($"A stored {T.SealedAs} is a sealed text.");
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            if (texts is { IsWritten: false } || (texts is null && value.Sealed is null))
            {
                writer.WriteRawValue(value.ToPlain());
                return;
            }

            writer.WriteStringValue(value.Sealed?.Text ?? texts!.Seal(T.SealedAs, value.ToPlain()));
        }

        private byte[] Open(string text) =>
            (texts ?? throw new InvalidOperationException($"This {T.SealedAs} was read to be compared, not to be opened."))
            .Open(T.SealedAs, text);
    }
}
