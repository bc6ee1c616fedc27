using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.EventStore.Json;
using Banking.Web.Http;

namespace Banking.Accounts.Statements.Formats;

/// <summary>
/// A statement as JSON, and the hash of its content. It has options of its own: a change of the API's JSON must not change a byte here.
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
        ArgumentNullException.ThrowIfNull(statement);
        var content = HashedContent.Of(statement.Content);
        return JsonSerializer.SerializeToUtf8Bytes(
            new StatementDocument(
                statement.Id, statement.Number, content.AccountId, content.AccountNumber, content.Currency, content.From, content.To,
                StatementLine.Instant(statement.IssuedAt), StatementLine.Instant(statement.KnownAt), content.Opening, content.Closing,
                content.Entries.Count, statement.ContentHash, statement.Restates?.Supersedes,
                statement.Restates is { } restates ? [.. restates.Added.Select(StatementLine.Of)] : null, content.Entries),
            Json);
    }

    /// <summary>SHA-256 of the content, as 64 hexadecimal digits.</summary>
    public static string Hash(StatementContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(HashedContent.Of(content), Json)));
    }

    /// <summary>SHA-256 of the entries that a restatement adds.</summary>
    public static string Hash(IReadOnlyList<StatementEntry> added) => Convert.ToHexStringLower(
        SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes<IEnumerable<StatementLine>>(added.Select(StatementLine.Of), Json)));

    private sealed record HashedContent(
        string AccountId, string AccountNumber, string Currency, DateOnly From, DateOnly To, Amount Opening, Amount Closing,
        IReadOnlyList<StatementLine> Entries)
    {
        public static HashedContent Of(StatementContent content) => new(
            content.AccountId, content.AccountNumber, content.Currency.Code, content.From, content.To, Amount.Of(content.Opening),
            Amount.Of(content.Closing), [.. content.Entries.Select(StatementLine.Of)]);
    }
}
