using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.EventStore.Sealing;

namespace Banking.Commands.Decisions;

/// <summary>A refused command as it is stored: its fields, so that it can be decided again, and not the text of the request.</summary>
/// <param name="Type">The name of the kind of command, with a version. A name never changes its shape: a new shape is a new
/// version.</param>
/// <param name="Fields">The members of the command, serialized as in events, sealed where those are. Null members are omitted.</param>
public sealed record CommandData(string Type, JsonElement Fields)
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new SealedValues(null) { ReadsPlain = true },
            new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false),
        },
    };

    /// <param name="texts">Seals what is stored sealed; null for a command without such members.</param>
    public static CommandData Of<TCommand>(string type, TCommand command, SealedTexts? texts = null)
        where TCommand : class => new(type, JsonSerializer.SerializeToElement(command, texts?.Extend(Json) ?? Json));

    /// <summary>The command as text, always the same for the same command.</summary>
    public string ToText() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads the text of a command.</summary>
    public static CommandData Parse(string text) =>
        JsonSerializer.Deserialize<CommandData>(text, Json) ?? throw new JsonException("A stored command is null.");

    /// <summary>Deserializes the command as it was refused.</summary>
    /// <param name="texts">Opens sealed members when they are read; null where none is.</param>
    /// <exception cref="JsonException">The fields do not fit this type of command.</exception>
    public TCommand Read<TCommand>(SealedTexts? texts = null)
        where TCommand : class =>
        Fields.Deserialize<TCommand>(texts?.Extend(Json) ?? Json) ?? throw new JsonException($"The fields of {Type} are null.");
}
