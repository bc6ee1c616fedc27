using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Banking.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>HTTP methods, media types, encodings and conditional requests.</summary>
public sealed class HttpSemanticsTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");

    [Theory]
    [InlineData("/v1/accounts")]
    [InlineData("/v1/accounts/{0}")]
    [InlineData("/v1/accounts/{0}/balance")]
    [InlineData("/v1/feed")]
    [InlineData("/v1/feed?after=999999999")]
    [InlineData("/v1/ledger/trial-balance")]
    [InlineData("/v1/accounts/acc_1")]
    [InlineData("/v1/accounts?zzzz=1")]
    [InlineData("/ops/outbox")]
    [InlineData("/health/live")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/contracts")]
    public async Task HEAD_answers_like_GET_without_a_body(string path)
    {
        path = string.Format(null, path, await _teller.OpenAsync());
        // Wait for the read model, so that both answers have the same position.
        (await _operator.GetAsync("/v1/ledger/trial-balance", ("Ledger-Min-Position", await bank.LastAsync()))).Ok();
        var get = await _operator.GetAsync(path);

        var head = await _operator.SendAsync(HttpMethod.Head, path, null);

        Assert.Equal((get.StatusCode, ""), (head.StatusCode, head.Body));
        foreach (var name in (string[])["Content-Type", "ETag", "Cache-Control", "X-Content-Type-Options"])
        {
            Assert.Equal((name, get.Header(name)), (name, head.Header(name)));
        }

        // The position itself may change between the two requests.
        Assert.Equal(get.Header("Ledger-Position") is null, head.Header("Ledger-Position") is null);
    }

    [Fact]
    public async Task HEAD_of_an_event_stream_answers_headers_and_ends()
    {
        var head = await _operator.SendAsync(HttpMethod.Head, "/v1/feed?after=0", null, ("Accept", "text/event-stream"));

        Assert.Equal((200, "text/event-stream", ""), (head.StatusCode, head.Header("Content-Type"), head.Body));
    }

    [Fact]
    public async Task HEAD_requires_a_token_like_GET_and_is_not_allowed_for_POST_routes()
    {
        Assert.Equal(401, (await bank.Anonymous().SendAsync(HttpMethod.Head, "/v1/accounts", null)).StatusCode);
        var head = await _teller.SendAsync(HttpMethod.Head, "/v1/accounts/acc_1/close", null);
        Assert.Equal((405, "POST,OPTIONS"), (head.StatusCode, head.Header("Allow")));
    }

    [Fact]
    public async Task Every_route_lists_its_methods_without_a_token()
    {
        foreach (var (path, methods) in Routes())
        {
            foreach (var method in ((string[])["DELETE", "PATCH", "PUT", "TRACE", "BREW"]).Except(methods.Split(',')))
            {
                var answer = await bank.Anonymous().SendAsync(new(method), path, null);
                Assert.True(answer.StatusCode == 405, $"{method} {path}: {answer.StatusCode} {answer.Body}");
                answer.IsProblem(405, "method_not_allowed");
                Assert.Equal((path, methods), (path, answer.Header("Allow")));
            }

            var options = await bank.Anonymous().SendAsync(HttpMethod.Options, path, null);
            Assert.Equal((path, 204, methods, ""), (path, options.StatusCode, options.Header("Allow"), options.Body));
        }

        (await bank.Anonymous().SendAsync(HttpMethod.Options, "/v1/nothing", null)).IsProblem(401, "unauthenticated");
    }

    [Theory]
    [InlineData("text/plain", null)]
    [InlineData("application/xml", null)]
    [InlineData("application/json", "zstd")]
    [InlineData("application/json", "gzip, br")]
    [InlineData("application/json", "identity, nonsense")]
    public async Task An_unsupported_media_type_or_encoding_is_415_even_without_a_token(string type, string? encoding)
    {
        foreach (var caller in (BankClient[])[bank.Anonymous(), _teller])
        {
            var content = new ByteArrayContent("{}"u8.ToArray());
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
            if (encoding is not null)
            {
                content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
            }

            (await caller.SendAsync(HttpMethod.Post, "/v1/deposits", content, ("Idempotency-Key", BankClient.NewKey())))
                .IsProblem(415, encoding is null ? "unsupported_media_type" : "unsupported_content_encoding");
        }
    }

    [Theory]
    [InlineData("iso-8859-1", false)]
    [InlineData("\"windows-1252\"", false)]
    [InlineData("nonsense", false)]
    [InlineData("utf-7", false)]
    [InlineData("UTF-8", true)]
    [InlineData("\"utf-8\"", true)]
    [InlineData("us-ascii", true)]
    public async Task A_body_is_read_as_UTF_8_and_any_other_charset_is_415(string charset, bool isRead)
    {
        var account = await _teller.OpenAsync();
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Deposit(account)));
        content.Headers.TryAddWithoutValidation("Content-Type", $"application/json; charset={charset}");

        var answer = await _teller.SendAsync(HttpMethod.Post, "/v1/deposits", content, ("Idempotency-Key", BankClient.NewKey()));

        if (isRead)
        {
            answer.Created();
        }
        else
        {
            answer.IsProblem(415, "unsupported_charset");
        }

        Assert.Equal(isRead ? "1.00" : "0.00", await _teller.BalanceAsync(account));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_compressed_body_is_accepted(string encoding)
    {
        var account = await _teller.OpenAsync();

        (await SendCompressedAsync(Deposit(account), encoding)).Created();

        Assert.Equal("1.00", await _teller.BalanceAsync(account));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task The_decompressed_size_is_limited_and_the_answer_names_the_limit(string encoding)
    {
        var account = await _teller.OpenAsync();
        foreach (var size in (int[])[65_537, 10_000_000])
        {
            var problem = (await SendCompressedAsync(Deposit(account).PadRight(size), encoding)).IsProblem(413, "body_too_large");

            Assert.Equal(65_536, problem.GetProperty("limit").GetInt32());
            Assert.Contains("65536", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        (await SendCompressedAsync(Deposit(account).PadRight(65_536), encoding)).Created();
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_body_that_does_not_match_its_encoding_is_malformed(string encoding)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Deposit(await _teller.OpenAsync())));
        content.Headers.ContentType = new("application/json");
        content.Headers.ContentEncoding.Add(encoding);

        (await _teller.SendAsync(HttpMethod.Post, "/v1/deposits", content, ("Idempotency-Key", BankClient.NewKey())))
            .IsProblem(400, "malformed_content_encoding");
    }

    [Theory]
    [InlineData("/v1/accounts", "text/csv", 406)]
    [InlineData("/v1/accounts", "text/event-stream", 406)]
    [InlineData("/v1/accounts", "application/xml, text/*;q=0.5", 406)]
    [InlineData("/v1/accounts", "application/json;q=0", 406)]
    [InlineData("/v1/accounts", "*/*, application/json;q=0", 406)]
    [InlineData("/v1/accounts", "application/json;charset=utf-16", 406)]
    [InlineData("/v1/accounts", "application/json;version=2", 406)]
    [InlineData("/v1/accounts", "nonsense", 406)]
    [InlineData("/v1/accounts", "application/problem+json", 406)]
    [InlineData("/health/live", "application/json", 200)]
    [InlineData("/health/ready", "application/json", 200)]
    [InlineData("/health/live", "nonsense", 200)]
    [InlineData("/v1/accounts", "", 200)]
    [InlineData("/v1/accounts", "*/*", 200)]
    [InlineData("/v1/accounts", "application/*", 200)]
    [InlineData("/v1/accounts", "APPLICATION/JSON", 200)]
    [InlineData("/v1/accounts", "text/csv, */*;q=0.1", 200)]
    [InlineData("/v1/accounts", "application/json; charset=UTF-8", 200)]
    [InlineData("/v1/accounts", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200)]
    [InlineData("/health/live", "text/plain", 200)]
    [InlineData("/asyncapi.json", "text/html", 406)]
    [InlineData("/openapi/v1.json", "text/yaml", 406)]
    public async Task An_Accept_that_cannot_be_served_is_406_with_the_served_types(string path, string accept, int status)
    {
        var answer = await _operator.GetAsync(path, ("Accept", accept));

        Assert.Equal(status, answer.StatusCode);
        if (status == 406)
        {
            Assert.NotEmpty(answer.IsProblem(406, "not_acceptable").GetProperty("served").EnumerateArray());
        }
    }

    [Theory]
    [InlineData("text/event-stream", true)]
    [InlineData("Text/Event-Stream", true)]
    [InlineData("text/event-stream;q=0.5, application/json;q=0.4", true)]
    [InlineData("text/*", true)]
    [InlineData("text/event-stream;q=0, application/json", false)]
    [InlineData("*/*, text/event-stream;q=0", false)]
    [InlineData("application/json, text/event-stream;q=0.9", false)]
    [InlineData("*/*", false)]
    [InlineData("application/text/event-stream, application/json", false)]
    public async Task The_feed_is_served_in_the_preferred_media_type(string accept, bool streams)
    {
        var head = await _operator.SendAsync(HttpMethod.Head, "/v1/feed?after=0", null, ("Accept", accept));

        Assert.Equal((200, streams ? "text/event-stream" : "application/json"), (head.StatusCode, head.Header("Content-Type")));
    }

    [Theory]
    [InlineData("application/*")]
    [InlineData("text/csv, */*;q=0.1")]
    [InlineData("application/json; charset=UTF-8")]
    public async Task A_command_is_answered_to_each_Accept_that_allows_JSON(string accept)
    {
        var account = await _teller.OpenAsync();

        (await _teller.PostTextAsync("/v1/deposits", Deposit(account), ("Accept", accept))).Created();
    }

    [Fact]
    public async Task No_money_moves_when_no_served_type_is_acceptable()
    {
        var account = await _teller.OpenAsync();
        var before = await bank.RowsAsync();

        (await _teller.PostTextAsync("/v1/deposits", Deposit(account), ("Accept", "text/csv"))).IsProblem(406, "not_acceptable");

        Assert.Equal(before, await bank.RowsAsync());
    }

    [Theory]
    [InlineData("/v1/customers", """{"name":"Ada"}""", "a customer")]
    [InlineData("/v1/accounts", """{"customerId":"cus_1","currency":"EUR"}""", "an account")]
    [InlineData("/v1/webhooks", """{"url":"http://127.0.0.1:1/"}""", "a webhook")]
    [InlineData("/v1/notification-subscriptions", """{"account":"acc_1"}""", "a subscription")]
    [InlineData("/v1/deposits/batch", """{"mode":"atomic","items":[]}""", "send that command alone")]
    [InlineData("/ops/projections/rebuild", """{"reasonCode":"test","reason":"x"}""", "does not depend on the version")]
    [InlineData("/ops/outbox/modules/hold", """{"reasonCode":"test","reason":"x"}""", "does not depend on the version")]
    [InlineData("/v1/transactions/dep_1/corrections", """{"kind":"reversal","reasonCode":"twice","reason":"r"}""", "a correction")]
    [InlineData("/v1/simulations", """{"accounts":["acc_1"]}""", "a simulation")]
    [InlineData("/v1/accounts/acc_1/statement-schedule", """{"frequency":"monthly"}""", "does not depend on the version")]
    [InlineData("/v1/periods/2026-10/close", """{"reasonCode":"test","reason":"x"}""", "does not depend on the version")]
    [InlineData("/v1/periods/2026-10/reopen", """{"reasonCode":"test","reason":"x"}""", "does not depend on the version")]
    [InlineData("/v1/webhooks/whk_1/resend", """{"eventId":"evt_1"}""", "does not depend on the version")]
    public async Task If_Match_is_refused_where_there_is_no_version_with_a_detail_for_that_route(
        string path, string body, string words)
    {
        var before = await bank.RowsAsync();
        string[] ofTellers = ["customers", "accounts", "deposits", "transactions"];
        var caller = ofTellers.Any(part => path.Contains(part, StringComparison.Ordinal)) ? _teller : _operator;
        foreach (var ifMatch in (string[])["\"1\"", "*", "nonsense"])
        {
            var answer = await caller.PostTextAsync(path, body, ("If-Match", ifMatch));

            Assert.Equal(400, answer.StatusCode);
            Assert.Contains(answer.Code, (string[])["if_match_not_applicable", "if_match_of_a_batch"]);
            Assert.Contains(words, answer.Text("detail"), StringComparison.Ordinal);
        }

        Assert.Equal(before, await bank.RowsAsync());
    }

    [Theory]
    [InlineData("If-None-Match", "*")]
    [InlineData("If-Unmodified-Since", "Tue, 17 Nov 2026 15:00:00 GMT")]
    public async Task A_precondition_that_commands_do_not_support_is_refused(string header, string value)
    {
        var account = await _teller.OpenAsync();
        var before = await bank.RowsAsync();

        (await _teller.PostTextAsync("/v1/deposits", Deposit(account), (header, value))).IsProblem(400, "precondition_not_supported");

        Assert.Equal(before, await bank.RowsAsync());
    }

    [Fact]
    public async Task Figures_name_the_part_of_a_month_that_they_cover()
    {
        var account = await _teller.OpenAsync(balance: "10.00");

        async Task<(string?, string?)> CoveredAsync(string query)
        {
            var items = (await _teller.GetAsync($"/v1/accounts/{account}/figures?{query}")).Ok().Items();
            var only = Assert.Single(items);
            return (only.GetProperty("from").GetString(), only.GetProperty("to").GetString());
        }

        Assert.Equal(("2026-11-01", "2026-12-01"), await CoveredAsync("by=month"));
        Assert.Equal(("2026-11-17", "2026-12-01"), await CoveredAsync("by=month&from=2026-11-17"));
        Assert.Equal(("2026-11-10", "2026-11-18"), await CoveredAsync("by=month&from=2026-11-10&to=2026-11-18"));
        Assert.Equal(("2026-11-01", "2026-11-18"), await CoveredAsync("from=2026-10-01&to=2026-11-18"));
        Assert.Equal(("2026-11-17", "2026-11-18"), await CoveredAsync("by=day"));
    }

    private Task<Answer> SendCompressedAsync(string body, string encoding)
    {
        var compressed = new MemoryStream();
        using (Stream compressor = encoding.ToUpperInvariant() switch
        {
            "GZIP" => new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
            "BR" => new BrotliStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
            _ => new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
        })
        {
            compressor.Write(Encoding.UTF8.GetBytes(body));
        }

        var content = new ByteArrayContent(compressed.ToArray());
        content.Headers.ContentType = new("application/json");
        content.Headers.ContentEncoding.Add(encoding);
        return _teller.SendAsync(HttpMethod.Post, "/v1/deposits", content, ("Idempotency-Key", BankClient.NewKey()));
    }

    private static string Deposit(string account) =>
        JsonSerializer.Serialize(new { accountId = account, amount = new { value = "1.00", currency = "EUR" }, reason = "salary" });

    private IEnumerable<(string Path, string Methods)> Routes() =>
        bank.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => !e.RoutePattern.RawText!.Contains("docs", StringComparison.Ordinal))
            .SelectMany(e => e.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Select(m => (Path: Path(e), Method: m)))
            // A path such as /v1/deposits/batch also matches the route /v1/deposits/{deposit}, whose GET answers 404.
            .SelectMany(r =>
                r.Path.EndsWith("/batch", StringComparison.Ordinal) ? [r, (r.Path, Method: "GET")] : ((string Path, string Method)[])[r])
            .GroupBy(r => r.Path, r => r.Method)
            .Select(r =>
                (
                    r.Key,
                    string.Join(
                        ",", (string[])[.. r.Order(StringComparer.Ordinal), .. r.Contains("GET") ? ["HEAD"] : (string[])[], "OPTIONS"])));

    private static string Path(RouteEndpoint e) =>
        string.Join(
            '/',
            ("/" + e.RoutePattern.RawText!.TrimStart('/'))
                .Split('/')
                .Select(part =>
                    part switch
                    {
                        "{documentName}.json" => "v1.json",
                        "{type}.json" => "x.json",
                        _ when part.StartsWith('{') => "acc_1",
                        _ => part,
                    }));
}
