using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Banking.EventStore.Archive;

/// <summary>An event in an archive file: all columns of its row in the log, and the type of its stream.</summary>
/// <param name="RecordedAt">The recorded time in UTC with six decimals, as text.</param>
/// <param name="DotnetType">Name of a class; null for each event that this bank wrote.</param>
/// <param name="Data">The JSON of the data, as PostgreSQL prints it.</param>
/// <param name="Headers">The JSON of the headers, as PostgreSQL prints it; null if the row has none.</param>
public sealed record ArchivedEvent(
    long Position,
    Guid Id,
    Guid Stream,
    string? StreamType,
    long Version,
    string Type,
    string RecordedAt,
    string? Actor,
    string? Correlation,
    string? Causation,
    string Tenant,
    string? DotnetType,
    ReadOnlyMemory<byte> Data,
    ReadOnlyMemory<byte>? Headers)
{
    /// <summary>Every line of an event begins with this and its position, so that an event is found without parsing the lines.</summary>
    public static ReadOnlySpan<byte> LineStart => "{\"position\":"u8;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Returns the line of the event, without the line feed. The same event always gives the same bytes.</summary>
    public byte[] ToLine()
    {
        var buffer = new ArrayBufferWriter<byte>(1_024);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("position", Position);
            json.WriteString("id", Id);
            json.WriteString("stream", Stream);
            json.WriteString("streamType", StreamType);
            json.WriteNumber("version", Version);
            json.WriteString("type", Type);
            json.WriteString("timestamp", RecordedAt);
            json.WriteString("actor", Actor);
            json.WriteString("correlation", Correlation);
            json.WriteString("causation", Causation);
            json.WriteString("tenant", Tenant);
            json.WriteString("dotnetType", DotnetType);
            json.WritePropertyName("data");
            json.WriteRawValue(Data.Span, skipInputValidation: true);
            json.WritePropertyName("headers");
            json.WriteRawValue(Headers is { } headers ? headers.Span : "null"u8, skipInputValidation: true);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a line. Data and headers are parts of it.</summary>
    /// <exception cref="ArchiveDamagedException">The line is not that of an event.</exception>
    public static ArchivedEvent Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            return ParseMembers(line);
        }
        catch (Exception failure) when (failure is JsonException or FormatException or InvalidOperationException)
        {
            throw new ArchiveDamagedException($"A line is not an event of format {ArchiveFormat.Version}: {failure.Message}");
        }
    }

    private static ArchivedEvent ParseMembers(ReadOnlyMemory<byte> line)
    {
        var json = new Utf8JsonReader(line.Span);
        json.Read();
        var e = new ArchivedEvent(
            Member(ref json, "position"u8).GetInt64(),
            Member(ref json, "id"u8).GetGuid(),
            Member(ref json, "stream"u8).GetGuid(),
            Member(ref json, "streamType"u8).GetString(),
            Member(ref json, "version"u8).GetInt64(),
            Member(ref json, "type"u8).GetString()!,
            Member(ref json, "timestamp"u8).GetString()!,
            Member(ref json, "actor"u8).GetString(),
            Member(ref json, "correlation"u8).GetString(),
            Member(ref json, "causation"u8).GetString(),
            Member(ref json, "tenant"u8).GetString()!,
            Member(ref json, "dotnetType"u8).GetString(),
            Raw(ref json, line, "data"u8),
            Raw(ref json, line, "headers"u8) is var headers && headers.Span.SequenceEqual("null"u8) ? null : headers);
        return json.Read() && json.TokenType == JsonTokenType.EndObject && !json.Read()
            ? e
            : throw new JsonException("It has another member at its end.");
    }

    private static ref Utf8JsonReader Member(ref Utf8JsonReader json, scoped ReadOnlySpan<byte> name)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.PropertyName || !json.ValueTextEquals(name) || !json.Read())
        {
            throw new JsonException("A member is missing or is at another place.");
        }

        return ref json;
    }

    private static ReadOnlyMemory<byte> Raw(ref Utf8JsonReader json, ReadOnlyMemory<byte> line, scoped ReadOnlySpan<byte> name)
    {
        Member(ref json, name);
        var start = (int)json.TokenStartIndex;
        json.Skip();
        return line[start..(int)json.BytesConsumed];
    }
}
