using System.Text.Encodings.Web;
using System.Text.Json;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>Published events cannot be recalled, so they contain no personal data.</summary>
public sealed class FeedDiscretionTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] Personal =
    [
        "Zyxwina", "Qorvath", "Bqvbert", "Xandov", "5550173", "5550184", "ref-", "why-", "code-", "case-7397", "dev-teller",
    ];

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task No_name_address_number_reference_or_reason_is_in_any_published_event()
    {
        var ada = (await _teller.PostAsync(
            "/v1/customers",
            new { name = "Zyxwina Qorvath", email = "zyxwina@qorvath.example", phone = "+49 151 5550173" })).Created();
        var bob = (await _teller.PostAsync(
            "/v1/customers",
            new { name = "Bqvbert Xandov", email = "bqvbert@xandov.example", phone = "+49 151 5550184" })).Created();
        var (one, other) = (await OpenAsync(ada.Text("id")), await OpenAsync(bob.Text("id")));
        (await MoveAsync(
            "/v1/deposits",
            new { accountId = one.Id, amount = Eur("50.00"), reference = "ref-dep-7391", reason = "why-dep-7391" })).Created();
        (await MoveAsync(
            "/v1/withdrawals",
            new { accountId = one.Number, amount = Eur("5.00"), reference = "ref-wit-7392", reason = "why-wit-7392" })).Created();
        (await MoveAsync(
            "/v1/transfers",
            new
            {
                fromAccountId = one.Number,
                toAccountId = other.Number,
                amount = Eur("7.00"),
                reference = "ref-tra-7393",
                reason = "why-tra-7393",
            })).Created();
        (await MoveAsync(
            $"/v1/accounts/{one.Id}/overdraft-limit",
            new { limit = "10.00", reasonCode = "code-7394", reason = "why-lim-7394" })).Ok();
        (await MoveAsync(
            $"/v1/accounts/{one.Id}/freeze",
            new { scope = "all", reasonCode = "code-7395", reason = "why-fre-7395" })).Ok();
        (await MoveAsync(
            $"/v1/accounts/{one.Id}/unfreeze",
            new { scope = "all", reasonCode = "code-7396", reason = "why-unf-7396" })).Ok();

        var events = await new Feed(bank).AllAsync();

        Assert.Equal(9, events.Count);
        var published = string.Join('\n', events.Select(e => JsonSerializer.Serialize(e, Readable)));
        string[] secrets = [.. Personal, one.Number, other.Number];
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, published, StringComparison.OrdinalIgnoreCase));
    }

    private static object Eur(string value) => new { value, currency = "EUR" };

    /// <summary>Adds a correlation id and an idempotency key: the caller chooses both, so neither may be published.</summary>
    private Task<Answer> MoveAsync(string path, object body) =>
        _teller.PostAsync(path, body, ("X-Correlation-ID", "case-7397"), ("Idempotency-Key", "case-7397-" + BankClient.NewKey()));

    private async Task<(string Id, string Number)> OpenAsync(string customer)
    {
        var account = (await _teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR" })).Created();
        return (account.Text("id"), account.Text("number"));
    }
}
