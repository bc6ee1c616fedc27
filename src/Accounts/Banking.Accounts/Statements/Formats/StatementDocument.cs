using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Banking.Accounts.Contracts;
using Banking.Accounts.Views;
using Banking.Web.Http;

namespace Banking.Accounts.Statements.Formats;

/// <summary>A statement as JSON.</summary>
/// <param name="Number">The number of the statement, from 1 for each account.</param>
/// <param name="From">The first day of the period, in UTC.</param>
/// <param name="To">The day after the last day of the period.</param>
/// <param name="IssuedAt">When the bank recorded the statement.</param>
/// <param name="KnownAt">The content is what the bank had recorded by this time.</param>
/// <param name="ContentHash">SHA-256 of the content.</param>
/// <param name="Supersedes">The earlier statement of the period, if this is a restatement.</param>
/// <param name="Added">The entries that the earlier statement did not know. One before the period changes the opening balance.</param>
/// <param name="Entries">In the order of their effective times.</param>
public sealed record StatementDocument(
    string Id, long Number, string AccountId, string AccountNumber, string Currency, DateOnly From, DateOnly To,
    [property: DataType(DataType.DateTime)] string IssuedAt, [property: DataType(DataType.DateTime)] string KnownAt,
    Amount Opening, Amount Closing, int EntryCount, string ContentHash, string? Supersedes,
    IReadOnlyList<StatementLine>? Added, IReadOnlyList<StatementLine> Entries);

/// <summary>An entry of a statement as JSON.</summary>
/// <param name="Id">The public id of the movement.</param>
/// <param name="Type">The kind of entry: deposit, transfer-sent …</param>
/// <param name="Balance">The balance after the entry, in the order of effective times.</param>
/// <param name="Version">The version of its event in the account.</param>
/// <param name="OtherAccount">The number of the other account of a transfer.</param>
/// <param name="Corrects">The transaction that a correction corrects.</param>
public sealed record StatementLine(
    string Id, string Type, Direction Direction, Amount Amount, Amount? Balance, long Version,
    [property: DataType(DataType.DateTime)] string EffectiveAt, [property: DataType(DataType.DateTime)] string RecordedAt,
    DetailsView? Details, string? OtherAccount, string? CorrectionClass, string? Corrects)
{
    internal static StatementLine Of(StatementEntry e) => new(
        e.Id, e.Type, e.Direction, Amount.Of(e.Amount), e.Balance is { } balance ? Amount.Of(balance) : null, e.Version,
        Instant(e.EffectiveAt), Instant(e.RecordedAt), DetailsView.Of(e.Details), e.OtherAccount, e.CorrectionClass, e.Corrects);

    internal static string Instant(DateTimeOffset instant) => instant.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);
}
