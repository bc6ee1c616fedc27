using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Banking.Accounts.Features;
using Banking.EventStore.Json;
using Banking.Notifications.Features;
using Banking.Operations.Features;
using Banking.Publishing.Outbox;
using Banking.Publishing.Webhooks;
using Banking.Web.Commands;
using Banking.Web.Http;

namespace Banking.System.Tests;

/// <summary>
/// A body that the serializer refuses is read once more to describe the error. That reading finds an error in each of them, at the place
/// that the serializer reports.
/// </summary>
public sealed class BodyErrorPlaceTests
{
    private static readonly string[] Values =
    [
        "null", "1", "-1.5", "1e400", "99999999999999999999", "true", "\"\"", "\"x\"", "\"\\ud800\"", "[]", "{}", "[null]", "[[1]]",
        "{\"a\":1}",
    ];

    private static readonly string[] Snippets =
        ["\"", "{", "}", "[", "]", ",", ":", "\\", "x", "0", "-", " ", "\"a\":1,", ",\"a\":1", "/*c*/", "\\u12", "\u0001", "ü"];

    public static TheoryData<Type> Requests =>
    [
        typeof(DepositRequest), typeof(TransferRequest), typeof(OpenAccountRequest), typeof(FreezeRequest), typeof(OverdraftLimitRequest),
        typeof(SubscribeRequest), typeof(RegisterWebhookRequest), typeof(ChangeWebhookRequest), typeof(RotateWebhookSecretRequest),
        typeof(SetDestinationRequest), typeof(DeadLetterRequest), typeof(ReplayRequest), typeof(Batch<DepositRequest>),
        typeof(Batch<TransferRequest>),
    ];

    [Theory]
    [MemberData(nameof(Requests))]
    public void An_error_is_found_at_the_place_that_the_serializer_reports(Type type)
    {
        var random = new Random(54);
        var good = Sample(type);
        Assert.NotNull(StrictBody.Parse(Encoding.UTF8.GetBytes(good), type).Command);
        for (var i = 0; i < 2_000; i++)
        {
            var body = Spoil(good, random);
            var bytes = Encoding.UTF8.GetBytes(body);
            var place = Place(bytes, type);

            var (_, problem) = StrictBody.Parse(bytes, type);

            // The serializer takes null for an object.
            var found = body.Trim() == "null" ? null : problem?.Pointer;
            Assert.True(Words(place) == Words(found), $"{body}: {place ?? "fine"}, not {found ?? "fine"}: {problem?.Detail}");
            Assert.False(
                problem is { Pointer: "#" } && problem.Detail.Contains("wrong type", StringComparison.Ordinal) && body.StartsWith('{'),
                $"{body}: no error was found.");
        }
    }

    [Theory]
    [InlineData("""{"accountId":"a","amount":{"value":"1","currency":"EUR","scale":2}}""", "#/amount/scale", "There is no such member.")]
    [InlineData("""{"accountId":"a","accountId":"b"}""", "#/accountId", "The member is given twice.")]
    [InlineData("""{"accountId":null}""", "#/accountId", "The member must not be null.")]
    [InlineData("""{"reason":null,"amount":{"currency":"EUR"}}""", "#/amount", "Required members are missing: value.")]
    [InlineData("""{"reason":"r"}""", "#", "Required members are missing: accountId, amount.")]
    [InlineData("""{"amount":"1.00 EUR"}""", "#/amount", "The value has the wrong type or is not an allowed value.")]
    [InlineData(
        """{"accountId":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}""", "#/accountId",
        "The value has the wrong type or is not an allowed value.")]
    [InlineData("""{"accountId":"\ud800"}""", "#/accountId", "The text is not valid Unicode.")]
    [InlineData("""{"\ud800":1}""", "#", "The text is not valid Unicode.")]
    [InlineData("""{"amount":{"value":"1.00",}}""", "#/amount", "The body is not valid JSON at this place.")]
    [InlineData("""{"reason":"r"} {}""", "#", "Required members are missing: accountId, amount.")]
    [InlineData("""{"accountId":"a","amount":{"value":"1","currency":"EUR"}} {}""", "#", "The body is not valid JSON at this place.")]
    [InlineData(
        """{"effectiveAt":"2026-11-17T15:00Z"}""", "#/effectiveAt", "A time with an offset needs seconds: write 15:00:00, not 15:00.")]
    [InlineData("null", "#", "The body is null; send an object.")]
    [InlineData("", "#", "The body is not valid JSON at this place.")]
    public void The_detail_says_what_is_wrong(string body, string pointer, string detail)
    {
        var (_, problem) = StrictBody.Parse(Encoding.UTF8.GetBytes(body), typeof(DepositRequest));

        Assert.Equal((pointer, detail), (problem!.Pointer, problem.Detail));
    }

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_no_text()
    {
        var (_, problem) = StrictBody.Parse([.. "{\"accountId\":\""u8, 0xC3, .. "\"}"u8], typeof(DepositRequest));

        Assert.Equal(("#/accountId", "The text is not valid Unicode."), (problem!.Pointer, problem.Detail));
    }

    [Fact]
    public void A_name_that_is_not_allowed_is_answered_with_the_allowed_ones()
    {
        var (_, problem) = StrictBody.Parse("""{"scope":"ALL"}"""u8, typeof(FreezeRequest));

        Assert.Equal(("#/scope", "One of debit, credit, all is expected."), (problem!.Pointer, problem.Detail));
    }

    /// <summary>The path of the serializer's error; null if it accepts the body.</summary>
    private static string? Place(byte[] body, Type type)
    {
        try
        {
            JsonSerializer.Deserialize(body, type, ApiJson.Options);
            return null;
        }
        catch (JsonException failure)
        {
            return failure.Path;
        }
    }

    /// <summary>The names and numbers in a path or a pointer, which write other characters in different ways.</summary>
    private static string? Words(string? place) => place is null ? null
        : new(Uri.UnescapeDataString(place).Replace("~0", "", StringComparison.Ordinal).Replace("~1", "", StringComparison.Ordinal)
            .Where(char.IsLetterOrDigit).ToArray());

    private static string Spoil(string good, Random random)
    {
        var at = random.Next(good.Length);
        return random.Next(4) switch
        {
            0 => good[..at],
            1 => good.Remove(at, 1),
            2 => good.Insert(at, Snippets[random.Next(Snippets.Length)]),
            _ => Replace(good, random),
        };
    }

    /// <summary>Replaces one value of the body.</summary>
    private static string Replace(string good, Random random)
    {
        var starts = new List<(long Start, long End)>();
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(good));
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.EndArray or JsonTokenType.EndObject or JsonTokenType.PropertyName))
            {
                var value = reader;
                value.Skip();
                starts.Add((reader.TokenStartIndex, value.BytesConsumed));
            }
        }

        var (start, end) = starts[random.Next(starts.Count)];
        return good[..(int)start] + Values[random.Next(Values.Length)] + good[(int)end..];
    }

    /// <summary>A body with all members.</summary>
    private static string Sample(Type type)
    {
        var info = ApiJson.Options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
        return info.Kind switch
        {
            JsonTypeInfoKind.Object => $"{{{string.Join(',', info.Properties.Select(p => $"\"{p.Name}\":{Sample(p.PropertyType)}"))}}}",
            JsonTypeInfoKind.Enumerable => $"[{Sample(info.ElementType!)},{Sample(info.ElementType!)}]",
            _ when info.Type.IsEnum => $"\"{WireNames.Of(Enum.GetNames(info.Type)[0])}\"",
            _ => info.Type == typeof(DateTimeOffset) ? "\"2026-11-17T15:00:00Z\""
                : info.Type == typeof(LimitAmount) ? """{"value":"1","currency":"EUR"}"""
                : info.Type == typeof(string) ? "\"a\"" : "1",
        };
    }
}
