using System.Globalization;
using System.Text.Json;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Assertions about answers.</summary>
internal static class Expect
{
    /// <summary>Asserts a problem document with this status and code, with applied false and without internals.</summary>
    public static JsonElement IsProblem(this Answer answer, int status, string code, string? pointer = null)
    {
        Assert.True(answer.StatusCode == status, $"{status} {code} was expected: {answer.StatusCode} {answer.Body}");
        var problem = answer.IsProblem();
        Assert.Equal(code, problem.GetProperty("code").GetString());
        if (pointer is not null)
        {
            Assert.Equal(pointer, Assert.Single(problem.GetProperty("errors").EnumerateArray()).GetProperty("pointer").GetString());
        }

        return problem;
    }

    /// <summary>Asserts a problem document with any status 4xx.</summary>
    public static JsonElement IsProblem(this Answer answer)
    {
        Assert.True(answer.StatusCode is >= 400 and < 500, $"{answer.StatusCode} {answer.Body}");
        Assert.Equal("application/problem+json", answer.Header("Content-Type"));
        Assert.DoesNotContain("Banking.", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", answer.Body, StringComparison.Ordinal);
        var problem = answer.Json;
        Assert.Equal(answer.StatusCode, problem.GetProperty("status").GetInt32());
        Assert.Equal(JsonValueKind.False, problem.GetProperty("applied").ValueKind);
        Assert.NotEmpty(problem.GetProperty("code").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.NotEmpty(problem.GetProperty("traceId").GetString()!);
        Assert.Equal("/problems#" + problem.GetProperty("code").GetString(), problem.GetProperty("type").GetString());
        return problem;
    }

    /// <summary>Asserts an amount.</summary>
    public static void IsMoney(this JsonElement amount, string value, string currency = "EUR") =>
        Assert.Equal((value, currency), (amount.GetProperty("value").GetString(), amount.GetProperty("currency").GetString()));

    /// <summary>Asserts status and headers of an accepted command.</summary>
    public static void IsAccepted(this Answer answer, int status, long version, string? location)
    {
        Assert.True(answer.StatusCode == status, $"{status} was expected: {answer.StatusCode} {answer.Body}");
        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.Equal($"\"{version}\"", answer.Header("ETag"));
        Assert.Equal(version, answer.Json.GetProperty("version").GetInt64());
        Assert.Equal(location, answer.Header("Location"));
        Assert.True(long.Parse(answer.Header("Ledger-Position")!, CultureInfo.InvariantCulture) > 0);
        Assert.Null(answer.Header("Idempotency-Replayed"));
    }

    /// <summary>The text of a member.</summary>
    public static string Text(this JsonElement element, string member) => element.GetProperty(member).GetString()!;

    /// <summary>The time of a member.</summary>
    public static DateTimeOffset Time(this JsonElement element, string member) => element.GetProperty(member).GetDateTimeOffset();

    /// <summary>The instant as a query value.</summary>
    public static string Query(this DateTimeOffset instant) =>
        Uri.EscapeDataString(instant.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture));
}
