using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Statements.Formats;

/// <summary>
/// The hash of what a statement says. What is hashed are records of strings and numbers that nothing else uses: a change of the API's JSON
/// must not change a hash, or every statement would be an error.
/// </summary>
internal static class ContentHash
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>SHA-256 of the content, as 64 hexadecimal digits.</summary>
    public static string Of(StatementContent content)
    {
        return Hash(new HashedContent(
            content.AccountId, content.AccountNumber, content.Currency.Code, Day(content.From), Day(content.To),
            HashedAmount.Of(content.Opening), HashedAmount.Of(content.Closing), content.Entries.Select(HashedEntry.Of)));
    }

    /// <summary>SHA-256 of the entries that a restatement adds.</summary>
    public static string Of(IReadOnlyList<StatementEntry> added) => Hash(added.Select(HashedEntry.Of));

    private static string Hash<T>(T hashed) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(hashed, Json)));

    private static string Day(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);

    private static string Instant(DateTimeOffset instant) => instant.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);

    private sealed record HashedContent(
        string AccountId, string AccountNumber, string Currency, string From, string To, HashedAmount Opening, HashedAmount Closing,
        IEnumerable<HashedEntry> Entries);

    private sealed record HashedAmount(string Value, string Currency)
    {
        public static HashedAmount Of(Money money) => new(money.ToDecimalString(), money.Currency.Code);
    }

    private sealed record HashedEntry(
        string Id, string Type, string Direction, HashedAmount Amount, HashedAmount? Balance, long Version, string EffectiveAt,
        string RecordedAt, HashedDetails? Details, string? OtherAccount, string? CorrectionClass, string? Corrects)
    {
        public static HashedEntry Of(StatementEntry e) => new(
            e.Id, e.Type, e.Direction == Contracts.Direction.Credit ? "credit" : "debit", HashedAmount.Of(e.Amount),
            e.Balance is { } balance ? HashedAmount.Of(balance) : null, e.Version, Instant(e.EffectiveAt),
            Instant(e.RecordedAt), e.Details is { } details ? HashedDetails.Of(details) : null, e.OtherAccount,
            e.CorrectionClass, e.Corrects);
    }

    /// <summary>Members that are null are not hashed: details of the first version keep their hash.</summary>
    private sealed record HashedDetails(
        string? Operation, string? Purpose, string? Reference, HashedParty? Counterparty, string? PurposeCode, string? EndToEndId)
    {
        public static HashedDetails Of(MovementDetails d) => new(
            d.Operation, d.Purpose?.Text, d.Reference, d.Counterparty is { } party ? new(party.Bank, party.Account) : null,
            d.Purpose?.Code, d.EndToEndId);
    }

    private sealed record HashedParty(string? Bank, string? Account);
}
