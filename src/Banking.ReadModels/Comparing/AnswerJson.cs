using System.Globalization;
using System.Text.Json;
using Banking.EventStore.Json;
using Banking.SharedKernel;

namespace Banking.ReadModels.Comparing;

/// <summary>Compares a stored answer with the one that the log gives.</summary>
internal static class AnswerJson
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <returns>Null if there is no answer, or it is not JSON, or it names a member twice: readers could take either.</returns>
    public static JsonDocument? Parse(string? body)
    {
        try
        {
            return body is null ? null : JsonDocument.Parse(body, Strict);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The first member that differs; null if none does.</summary>
    /// <param name="stored">An object.</param>
    /// <param name="mayLackMembers">Whether an earlier version wrote it, without the members that were added since.</param>
    public static string? Differing(JsonElement stored, object view, bool mayLackMembers)
    {
        var made = JsonSerializer.SerializeToElement(view, view.GetType(), ApiJson.Options);
        var differing = made.EnumerateObject()
            .Where(m => stored.TryGetProperty(m.Name, out var found) ? !IsSame(found, m.Value) : !mayLackMembers)
            .Concat(stored.EnumerateObject().Where(m => !mayLackMembers && !made.TryGetProperty(m.Name, out _)));
        return differing.Select(m => m.Name).FirstOrDefault();
    }

    /// <summary>Whether both are the same value. Instants are compared in the precision of the database.</summary>
    private static bool IsSame(JsonElement one, JsonElement other)
    {
        return one.ValueKind == other.ValueKind && one.ValueKind switch
        {
            JsonValueKind.Object => one.GetPropertyCount() == other.GetPropertyCount()
                && one.EnumerateObject().All(m => other.TryGetProperty(m.Name, out var value) && IsSame(m.Value, value)),
            JsonValueKind.Array => one.GetArrayLength() == other.GetArrayLength()
                && one.EnumerateArray().Zip(other.EnumerateArray()).All(i => IsSame(i.First, i.Second)),
            JsonValueKind.String => one.ValueEquals(other.GetString()) || (Instant(one) is { } instant && instant == Instant(other)),
            _ => JsonElement.DeepEquals(one, other),
        };
    }

    private static DateTimeOffset? Instant(JsonElement json) =>
        json.GetString() is { Length: >= 20 } text
        && text[10] == 'T'
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? instant.CutToMicroseconds()
            : null;
}
