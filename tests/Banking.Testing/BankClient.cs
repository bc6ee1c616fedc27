using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Banking.Testing;

/// <summary>
/// An HTTP client of the bank with the requests that most tests use. Idempotency keys are a counter, not random: runs are repeatable.
/// </summary>
public sealed class BankClient(HttpClient http, string? token)
{
    private static long _keys;

    public static string NewKey() => "test-" + Interlocked.Increment(ref _keys).ToString(CultureInfo.InvariantCulture);

    public Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, null, headers);

    /// <summary>Reads from a read model that has reached a position. Waits up to ten seconds for it, then throws.</summary>
    /// <param name="position">The Ledger-Position header of the response to a write.</param>
    public async Task<Answer> GetCurrentAsync(string path, string position)
    {
        var answer = await GetAsync(path, ("Ledger-Min-Position", position), ("Prefer", "wait=10"));
        return answer.Header("Ledger-Stale") is null
            ? answer
            : throw new InvalidOperationException($"{path} is at position {answer.Header("Ledger-Position")}, which is before {position}.");
    }

    /// <summary>Posts an object with a new idempotency key, unless the headers have one.</summary>
    public Task<Answer> PostAsync(string path, object body, params (string Name, string Value)[] headers) =>
        PostTextAsync(path, JsonSerializer.Serialize(body, JsonSerializerOptions.Web), headers);

    /// <summary>Posts text unchanged, with a new idempotency key, unless the headers have one.</summary>
    public Task<Answer> PostTextAsync(string path, string body, params (string Name, string Value)[] headers) => SendAsync(
        HttpMethod.Post,
        path,
        new StringContent(body, Encoding.UTF8, "application/json"),
        headers.Any(h => h.Name == "Idempotency-Key") ? headers : [.. headers, ("Idempotency-Key", NewKey())]);

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        var isJson = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
        return new(
            response.StatusCode,
            isJson && body.EndsWith('\n') ? body[..^1] : body,
            response
                .Headers.Concat(response.Content.Headers)
                .ToDictionary(h => h.Key, h => string.Join(",", h.Value), StringComparer.OrdinalIgnoreCase))
        {
            EndsWithNewline = body.EndsWith('\n'),
        };
    }

    public async Task<string> RegisterAsync(string name = "Ada") =>
        (await PostAsync("/v1/customers", new { name })).Created().Text("id");

    /// <summary>Opens an account, deposits the balance if one is given, and returns the account id.</summary>
    public async Task<string> OpenAsync(
        string? customer = null,
        string currency = "EUR",
        string? balance = null,
        string? overdraftLimit = null,
        DateTimeOffset? effectiveAt = null)
    {
        var account = await PostAsync(
            "/v1/accounts",
            new
            {
                customerId = customer ?? await RegisterAsync(),
                currency,
                overdraftLimit = overdraftLimit is null ? null : new { value = overdraftLimit, currency },
                effectiveAt,
            });
        var id = account.Created().Text("id");
        if (balance is not null)
        {
            (await DepositAsync(id, balance, currency)).Created();
        }

        return id;
    }

    public Task<Answer> DepositAsync(
        string accountId, string value, string currency = "EUR", params (string Name, string Value)[] headers) =>
        PostAsync(
            "/v1/deposits",
            new
            {
                accountId,
                amount = new { value, currency },
                reason = "test",
            },
            headers);

    public Task<Answer> WithdrawAsync(
        string accountId, string value, string currency = "EUR", params (string Name, string Value)[] headers) =>
        PostAsync(
            "/v1/withdrawals",
            new
            {
                accountId,
                amount = new { value, currency },
                reason = "test",
            },
            headers);

    public Task<Answer> TransferAsync(
        string fromAccountId, string toAccountId, string value, string currency = "EUR", params (string Name, string Value)[] headers) =>
        PostAsync(
            "/v1/transfers",
            new
            {
                fromAccountId,
                toAccountId,
                amount = new { value, currency },
                reason = "test",
            },
            headers);

    /// <summary>The current balance as a decimal string.</summary>
    public async Task<string> BalanceAsync(string accountId) =>
        (await GetAsync($"/v1/accounts/{accountId}/balance")).Ok().Text("balance", "value");
}

/// <summary>A response of the bank. The body of a JSON answer is shown without the newline at its end.</summary>
public sealed record Answer(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public bool EndsWithNewline { get; init; }

    public int StatusCode => (int)Status;

    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>The stable code of a problem response.</summary>
    public string Code => Text("code");

    /// <summary>Not each answer has a code, which the text of a record would read.</summary>
    public override string ToString() => $"{StatusCode} {Body}";

    /// <summary>The text of a JSON member at a path.</summary>
    public string Text(params string[] path)
    {
        var element = path.Aggregate(Json, (e, name) => e.GetProperty(name));
        return element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
    }

    /// <summary>The value of a header, or null if the response has no such header.</summary>
    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>The items of a page.</summary>
    public IReadOnlyList<JsonElement> Items() => [.. Json.GetProperty("items").EnumerateArray()];

    /// <summary>The cursor of the next page, or null on the last page.</summary>
    public string? NextCursor() => Json.TryGetProperty("nextCursor", out var cursor) ? cursor.GetString() : null;

    /// <summary>The names of the JSON members of the body, in order.</summary>
    public IReadOnlyList<string> Members() => [.. Json.EnumerateObject().Select(m => m.Name)];

    public Answer Ok() => Require(HttpStatusCode.OK);

    public Answer Created() => Require(HttpStatusCode.Created);

    private Answer Require(HttpStatusCode status) => Status == status
        ? this
        : throw new InvalidOperationException($"Expected status {status}, but the bank answered {Status}: {LoggedCause()}{Body}");

    private string LoggedCause() => StatusCode >= 500 && Body.StartsWith('{') && Json.TryGetProperty("traceId", out var traceId)
        ? HostErrors.Of(traceId.GetString()!)
        : "";
}
