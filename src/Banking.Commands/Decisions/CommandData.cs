using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.Commands.Decisions;

/// <summary>A command as it is stored where it was refused: its fields and not its text, so that it can be decided again.</summary>
/// <param name="Type">The name of its kind with its version. Never changed, and never another shape: a new shape is a new version.</param>
/// <param name="Fields">Its members in the form in which events store theirs; the ones that are null are left out.</param>
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
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    public static CommandData Of<TCommand>(string type, TCommand command)
        where TCommand : class => new(type, JsonSerializer.SerializeToElement(command, Json));

    /// <summary>The command as it was when it was refused.</summary>
    /// <exception cref="JsonException">The fields are not those of such a command.</exception>
    public TCommand Read<TCommand>()
        where TCommand : class => Fields.Deserialize<TCommand>(Json) ?? throw new JsonException($"The fields of {Type} are null.");
}
