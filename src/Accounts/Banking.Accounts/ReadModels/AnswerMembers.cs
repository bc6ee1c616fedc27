using System.Globalization;
using System.Text.Json;
using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>Compares members of a stored answer with those of an event. A missing member is null.</summary>
internal static class AnswerMembers
{
    public static string? Text(JsonElement? json, string member) =>
        Member(json, member) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    public static JsonElement? Member(JsonElement? json, string member) =>
        json is { ValueKind: JsonValueKind.Object } parent && parent.TryGetProperty(member, out var value) ? value : null;

    /// <summary>The public form of an id in an event.</summary>
    public static string? PublicIdOf(JsonElement? booked, string member, string prefix) =>
        Guid.TryParse(Text(booked, member), out var id) ? PublicId.Format(prefix, id) : null;

    /// <summary>Whether two names of an enumeration are the same. Events and answers spell them differently.</summary>
    public static bool IsSameName(string? one, string? other) => string.Equals(
        one?.Replace("-", "", StringComparison.Ordinal), other?.Replace("-", "", StringComparison.Ordinal),
        StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether both have the same instant, in the precision of the database.</summary>
    public static bool IsSameInstant(JsonElement body, JsonElement booked, string member) =>
        Instant(body, member) is { } answered && answered == Instant(booked, member);

    public static bool IsAmount(JsonElement body, JsonElement booked, string member = "amount")
    {
        if (Member(booked, member) is not { } amount || Member(body, member) is not { } answered)
        {
            return false;
        }

        try
        {
            var expected = Amount.Of(amount.Deserialize<Money>());
            return (Text(answered, "value"), Text(answered, "currency")) == (expected.Value, expected.Currency);
        }
        catch (JsonException)
        {
            // Another comparison reports the unreadable event.
            return true;
        }
    }

    private static DateTimeOffset? Instant(JsonElement json, string member) =>
        DateTimeOffset.TryParse(Text(json, member), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? instant.CutToMicroseconds()
            : null;
}
