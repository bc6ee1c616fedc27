using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Requests that are refused before their content is read: types, sizes, encodings.</summary>
public sealed class BadRequestTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task A_command_that_is_not_JSON_is_refused(string? type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(await DepositAsync()));
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);

        await AssertRefusedAsync(content, 415, "unsupported_media_type");
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/vnd.bank+json")]
    public async Task Every_JSON_media_type_is_accepted(string type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(await DepositAsync()));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);

        (await _teller.SendAsync(HttpMethod.Post, "/v1/deposits", content, ("Idempotency-Key", BankClient.NewKey()))).Created();
    }

    [Theory]
    [InlineData(65_536, true)]
    [InlineData(65_536, false)]
    [InlineData(1_048_576, true)]
    [InlineData(1_048_576, false)]
    public async Task A_body_larger_than_the_limit_is_refused(int bytes, bool withLength)
    {
        var body = await DepositAsync() + new string(' ', bytes);

        await AssertRefusedAsync(new UnknownLength(Encoding.UTF8.GetBytes(body), withLength), 413, "body_too_large");
    }

    [Fact]
    public async Task A_body_of_exactly_the_limit_is_accepted()
    {
        var body = (await DepositAsync()).PadRight(65_536);

        (await _teller.PostTextAsync("/v1/deposits", body)).Created();
    }

    public static TheoryData<string> BrokenBytes => [.. Broken.Keys];

    [Theory]
    [MemberData(nameof(BrokenBytes))]
    public async Task Invalid_UTF_8_is_malformed(string name)
    {
        var body = (await DepositAsync()).Replace("\"r\"", "\"MARK\"", StringComparison.Ordinal);
        var parts = body.Split("MARK");
        var content = new ByteArrayContent([.. Encoding.UTF8.GetBytes(parts[0]), .. Broken[name], .. Encoding.UTF8.GetBytes(parts[1])]);
        content.Headers.ContentType = new("application/json");

        await AssertRefusedAsync(content, 400, "malformed_json");
    }

    [Fact]
    public async Task UTF_16_and_UTF_32_are_malformed()
    {
        await AssertRefusedAsync(new StringContent(await DepositAsync(), Encoding.Unicode, "application/json"), 400, "malformed_json");
        await AssertRefusedAsync(new StringContent(await DepositAsync(), Encoding.UTF32, "application/json"), 400, "malformed_json");
    }

    private static readonly Dictionary<string, byte[]> Broken = new()
    {
        ["a single continuation byte"] = [0x80],
        ["half a character"] = [0xC3],
        ["half a surrogate pair"] = [0xED, 0xA0, 0x80],
        ["an overlong encoding"] = [0xC0, 0xAF],
        ["beyond Unicode"] = [0xF4, 0x90, 0x80, 0x80],
        ["a byte that UTF-8 never uses"] = [0xFF],
        ["a raw NUL"] = [0x00],
        ["a raw line break"] = [0x0A],
    };

    private async Task AssertRefusedAsync(HttpContent content, int status, string code)
    {
        var before = await bank.RowsAsync();
        (await _teller.SendAsync(HttpMethod.Post, "/v1/deposits", content, ("Idempotency-Key", BankClient.NewKey())))
            .IsProblem(status, code);
        Assert.Equal(before, await bank.RowsAsync());
    }

    private async Task<string> DepositAsync() =>
        $$$"""{"accountId":"{{{await _teller.OpenAsync()}}}","amount":{"value":"1.00","currency":"EUR"},"reason":"r"}""";

    /// <summary>A body with a Content-Length, or without one, which is sent in chunks.</summary>
    private sealed class UnknownLength : HttpContent
    {
        private readonly byte[] _bytes;
        private readonly bool _withLength;

        public UnknownLength(byte[] bytes, bool withLength)
        {
            (_bytes, _withLength) = (bytes, withLength);
            Headers.ContentType = new("application/json");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(_bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = _bytes.Length;
            return _withLength;
        }
    }
}
