using System.Net.Mime;
using Banking.Accounts.Statements.Formats;

namespace Banking.Accounts.Statements;

/// <summary>A form in which a statement is served.</summary>
/// <param name="Suffix">The suffix of its address.</param>
internal sealed record StatementForm(string Suffix, string MediaType, Func<Statement, byte[]> Render);

/// <summary>The forms of a statement. The first is the default.</summary>
internal static class StatementForms
{
    public const string Json = MediaTypeNames.Application.Json;
    public const string Csv = MediaTypeNames.Text.Csv;

    public static IReadOnlyList<StatementForm> All { get; } =
    [
        new("json", Json, JsonFormat.Render),
        new("csv", Csv, CsvFormat.Render),
    ];
}
