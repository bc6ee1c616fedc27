using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.EventStore.Json;
using Banking.Web.Http;

namespace Banking.Accounts.Statements.Formats;

/// <summary>
/// A statement as JSON. It has options of its own: a change of the API's JSON must not change a byte here.
/// </summary>
internal static class JsonFormat
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new WireNames() },
    };

    public static byte[] Render(Statement statement)
    {
        var content = statement.Content;
        return JsonSerializer.SerializeToUtf8Bytes(
            new StatementDocument(
                statement.Id, statement.Number, content.AccountId, content.AccountNumber, content.Currency.Code, content.From, content.To,
                StatementLine.Instant(statement.IssuedAt), StatementLine.Instant(statement.KnownAt), Amount.Of(content.Opening),
                Amount.Of(content.Closing), content.Entries.Count, statement.ContentHash, statement.Restates?.Supersedes,
                statement.Restates is { } restates ? [.. restates.Added.Select(StatementLine.Of)] : null,
                [.. content.Entries.Select(StatementLine.Of)]),
            Json);
    }
}
