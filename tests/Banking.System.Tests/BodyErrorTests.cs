using System.Text.RegularExpressions;
using Banking.System.Tests.Contract;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Errors in a body are described in terms of the request, not of the parser, with a JSON pointer (RFC 6901).</summary>
public sealed partial class BodyErrorTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData("""{"a/b":1}""", "#/a~1b")]
    [InlineData("""{"a~b":1}""", "#/a~0b")]
    [InlineData("""{"~1":1}""", "#/~01")]
    [InlineData("""{"a.b":1}""", "#/a.b")]
    [InlineData("""{"a[0]":1}""", "#/a%5B0%5D")]
    [InlineData("""{"a'b":1}""", "#/a%27b")]
    [InlineData("""{"a b":1}""", "#/a%20b")]
    [InlineData("""{"amount":{"a/b.c":1,"value":"1.00"}}""", "#/amount/a~1b.c")]
    [InlineData("""{"amount":{"value":1}}""", "#/amount/value")]
    [InlineData("""{"amount":{"value":"1.00","value":"2.00"}}""", "#/amount/value")]
    [InlineData("""{"accountId":null}""", "#/accountId")]
    [InlineData("""{"amount":{}}""", "#/amount")]
    [InlineData("""{"amount":[]}""", "#/amount")]
    [InlineData("""[]""", "#")]
    [InlineData("""null""", "#")]
    [InlineData("""{"effectiveAt":"yesterday"}""", "#/effectiveAt")]
    public async Task The_place_of_an_error_is_a_JSON_pointer(string body, string pointer) =>
        AssertDescribed(await _teller.PostTextAsync("/v1/deposits", body), pointer);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("[")]
    [InlineData("{]")]
    [InlineData("{\"a\"")]
    [InlineData("{\"a\":}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":1}}")]
    [InlineData("{\"a\":1} x")]
    [InlineData("{'a':1}")]
    [InlineData("{a:1}")]
    [InlineData("// a comment\n{}")]
    [InlineData("{\"accountId\":\"\\ud800\"}")]
    [InlineData("{\"accountId\":\"\\x\"}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"accountId\":01}")]
    [InlineData("{\"accountId\":1e}")]
    [InlineData("{\"accountId\":tru}")]
    [InlineData("{\"accountId\":NaN}")]
    [InlineData("{\"accountId\":\"a\nb\"}")]
    [InlineData("{\"accountId\":\"a")]
    [InlineData("{\"accountId\":{\"a\":[1,2,{\"b\":3}]}}")]
    [InlineData("{\"accountId\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}")]
    [InlineData("\uFEFF{}x")]
    [InlineData("{\"amount\":{\"value\":\"1.00\",\"currency\":5}}")]
    [InlineData("{\"amount\":99999999999999999999999999}")]
    [InlineData("{\"amount\":true}")]
    [InlineData("{\"effectiveAt\":5}")]
    [InlineData("{\"effectiveAt\":{}}")]
    [InlineData("{}")]
    public async Task An_error_never_mentions_the_parser(string body)
    {
        AssertDescribed(await _teller.PostTextAsync("/v1/deposits", body), null);
        AssertDescribed(
            await bank.As("operator")
                .PostTextAsync("/ops/projections/audit/replay", body.Replace("accountId", "schema", StringComparison.Ordinal)),
            null);
        AssertDescribed(
            await _teller.PostTextAsync(
                "/v1/deposits/batch",
                $"{{\"mode\":\"atomic\",\"items\":[{{\"idempotencyKey\":\"k\",\"command\":{body}}}]}}"),
            null);
        AssertDescribed(
            await bank.Anonymous().PostTextAsync("/dev/token", body.Replace("accountId", "role", StringComparison.Ordinal)), null);
    }

    [Theory]
    [InlineData("""{"schema":"x"}""", "malformed_schema", "#/schema")]
    [InlineData("""{"schema":"scratch_x","accountId":"x"}""", "malformed_account_id", "#/accountId")]
    [InlineData("""{"schema":"scratch_x","from":"2026-11-02T00:00:00Z","to":"2026-11-02T00:00:00Z"}""", "malformed_range", "#/from")]
    public async Task A_faulty_member_of_a_replay_has_a_code_of_the_contract(string body, string code, string pointer)
    {
        var contract = new ServedContract((await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Body);

        var answer = await bank.As("operator")
            .PostTextAsync("/ops/projections/entries/replay", body[..^1] + ""","reasonCode":"test","reason":"to see it"}""");

        Assert.Equal((422, code), (answer.StatusCode, answer.Code));
        AssertDescribed(answer, pointer);
        Assert.Empty(contract.FindUntold("post", "/ops/projections/{name}/replay", answer));
    }

    private static void AssertDescribed(Answer answer, string? pointer)
    {
        var problem = answer.IsProblem();
        var detail = problem.GetProperty("detail").GetString()!;
        Assert.DoesNotMatch(Parser(), detail);
        if (pointer is not null)
        {
            Assert.Equal(pointer, Assert.Single(problem.GetProperty("errors").EnumerateArray()).GetProperty("pointer").GetString());
        }
        else if (problem.TryGetProperty("errors", out var errors))
        {
            Assert.All(errors.EnumerateArray(), e => Assert.Matches(Rfc6901(), e.GetProperty("pointer").GetString()));
        }
    }

    [GeneratedRegex(
        @"LineNumber|BytePosition|Path:|\$|reader|token|Utf8|JSON payload|invalid start|escapable|System|Banking|\.NET|deserializ|depth|"
            + "null literal|delimit",
        RegexOptions.IgnoreCase)]
    private static partial Regex Parser();

    /// <summary>A JSON pointer in the form of a URI fragment, as in RFC 9457.</summary>
    [GeneratedRegex(@"\A#(/([A-Za-z0-9._\-]|~0|~1|%[0-9A-F]{2})*)*\z")]
    private static partial Regex Rfc6901();
}
