using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;

namespace Banking.Web.Http;

/// <summary>
/// Describes what is wrong with a body that the serializer refused: the place as a JSON pointer (RFC 6901), and the expected value. It
/// reads the body once more, next to the type of the request, up to the first error. The serializer's exceptions are not used: their
/// texts contain line numbers and type names, and may change with each version.
/// </summary>
internal ref struct BodyErrors
{
    private const string Code = "malformed_json";
    private const string WrongValue = "The value has the wrong type or is not an allowed value.";
    private const string NoText = "The text is not valid Unicode.";

    private readonly JsonSerializerOptions _json;

    private Utf8JsonReader _reader;

    /// <summary>Pointer to the value that is read.</summary>
    private string _place = "#";

    private BodyErrors(ReadOnlySpan<byte> body, JsonSerializerOptions json)
    {
        _reader = new(body);
        _json = json;
    }

    public static Refusal Null => Refusal.Malformed(Code, "The body is null; send an object.", "#");

    /// <param name="body">A body that cannot be deserialized to the type.</param>
    public static Refusal Of(ReadOnlySpan<byte> body, Type type, JsonSerializerOptions json)
    {
        var errors = new BodyErrors(body, json);
        var detail = errors.Find(type);
        return Refusal.Malformed(Code, detail, errors._place);
    }

    private string Find(Type type)
    {
        try
        {
            _reader.Read();
            if (Value(type) is { } problem)
            {
                return problem;
            }

            // Fails if anything follows the value. Otherwise the serializer refused what this class accepts, which tests rule out.
            _reader.Read();
            return WrongValue;
        }
        catch (JsonException)
        {
            return "The body is not valid JSON at this place.";
        }
    }

    /// <summary>Reads a value. Returns what is wrong with it; null if nothing is.</summary>
    private string? Value(Type type)
    {
        var info = _json.GetTypeInfo(type);
        return (info.Kind, _reader.TokenType) switch
        {
            (JsonTypeInfoKind.Object, JsonTokenType.StartObject) => Members(info.Properties),
            (JsonTypeInfoKind.Object, _) => WrongValue,
            (JsonTypeInfoKind.Enumerable, JsonTokenType.StartArray) => Elements(info.ElementType!),
            (JsonTypeInfoKind.Enumerable, _) => WrongValue,
            _ => Scalar(type),
        };
    }

    private string? Members(IEnumerable<JsonPropertyInfo> known)
    {
        var (place, unseen) = (_place, known.ToDictionary(m => m.Name));
        var seen = new HashSet<string>();
        for (_reader.Read(); _reader.TokenType != JsonTokenType.EndObject; _reader.Read())
        {
            if (!TryReadText(out var name))
            {
                return NoText;
            }

            _place = $"{place}/{Escape(name)}";
            if (seen.Contains(name))
            {
                return "The member is given twice.";
            }

            if (!unseen.Remove(name, out var member))
            {
                return "There is no such member.";
            }

            seen.Add(name);
            _reader.Read();
            if (MemberProblem(member) is { } problem)
            {
                return problem;
            }

            _place = place;
        }

        var missing = unseen.Values.Where(m => m.IsRequired).Select(m => m.Name).ToList();
        return missing.Count == 0 ? null : $"Required members are missing: {string.Join(", ", missing)}.";
    }

    private string? MemberProblem(JsonPropertyInfo member) => _reader.TokenType != JsonTokenType.Null ? Value(member.PropertyType)
        : member.AssociatedParameter?.IsNullable ?? member.IsSetNullable ? null
        : "The member must not be null.";

    private string? Elements(Type type)
    {
        var place = _place;
        for (var i = 0; ; i++)
        {
            _place = $"{place}/{i}";
            _reader.Read();
            if (_reader.TokenType == JsonTokenType.EndArray)
            {
                _place = place;
                return null;
            }

            // The serializer lets a list contain null.
            if ((_reader.TokenType != JsonTokenType.Null || type.IsValueType) && Value(type) is { } problem)
            {
                return problem;
            }
        }
    }

    private string? Scalar(Type type)
    {
        if (_reader.TokenType == JsonTokenType.String && !TryReadText(out _))
        {
            return NoText;
        }

        try
        {
            JsonSerializer.Deserialize(ref _reader, type, _json);
            return null;
        }
        catch (InvalidValueException invalid)
        {
            return invalid.Message;
        }
        catch (JsonException)
        {
            return WrongValue;
        }
    }

    /// <summary>Reads a text or a name. Returns false if it has half of a surrogate pair, or bytes that are not UTF-8.</summary>
    private readonly bool TryReadText(out string text)
    {
        try
        {
            text = _reader.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }

    /// <summary>Escapes a name by RFC 6901, 3 and 6: first ~ and /, then the characters that a URI fragment must not contain.</summary>
    private static string Escape(string name) =>
        Uri.EscapeDataString(
            (name.Length <= 200 ? name : name[..200])
                .Replace("~", "~0", StringComparison.Ordinal)
                .Replace("/", "~1", StringComparison.Ordinal));
}
