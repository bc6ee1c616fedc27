using System.Net.Mime;
using Banking.Accounts.Statements.Formats;

namespace Banking.Accounts.Statements;

/// <summary>A form in which a statement is served.</summary>
/// <param name="Suffix">The suffix of its address.</param>
/// <param name="Render">Returns null for a statement that the form cannot express.</param>
internal sealed record StatementForm(string Suffix, string MediaType, Func<Statement, byte[]?> Render);

/// <summary>The forms of a statement. The first is the default.</summary>
internal static class StatementForms
{
    public const string Json = MediaTypeNames.Application.Json;
    public const string Csv = MediaTypeNames.Text.Csv;
    public const string Html = MediaTypeNames.Text.Html;
    public const string Camt053 = MediaTypeNames.Application.Xml;
    public const string Mt940 = "application/x-mt940";

    public static IReadOnlyList<StatementForm> All { get; } =
    [
        new("json", Json, JsonFormat.Render),
        new("csv", Csv, CsvFormat.Render),
        new("html", Html, HtmlFormat.Render),
        new("camt", Camt053, Camt053Format.Render),
        new("mt940", Mt940, Mt940Format.Render),
    ];
}
