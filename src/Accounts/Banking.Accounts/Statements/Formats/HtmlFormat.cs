using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Banking.Accounts.Statements.Formats;

/// <summary>A statement as a page for print: one table, no scripts, nothing from elsewhere.</summary>
internal static class HtmlFormat
{
    private const string Style =
        "body{font:10pt/1.4 sans-serif;margin:2cm auto;max-width:18cm;color:#000}h1{font-size:16pt}"
            + "table{border-collapse:collapse;width:100%}"
            + "th,td{padding:.15cm .2cm;text-align:left;vertical-align:top;border-bottom:1px solid #bbb}"
            + ".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}thead{display:table-header-group}"
            + "tr{break-inside:avoid}.s{font-size:8pt;word-break:break-all}@page{size:A4;margin:1.5cm}@media print{body{margin:0}}";

    /// <summary>The policy of the page: no source but its own style.</summary>
    public static string ContentSecurityPolicy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; "
            + "frame-ancestors 'none'";

    public static byte[] Render(Statement statement)
    {
        var content = statement.Content;
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append(CultureInfo.InvariantCulture, $"<title>Statement {statement.Number} of {Text(content.AccountNumber)}</title>\n")
            .Append(CultureInfo.InvariantCulture, $"<style>{Style}</style>\n</head>\n<body>\n<h1>Statement {statement.Number}</h1>\n")
            .Append(CultureInfo.InvariantCulture, $"<p>Account {Text(content.AccountNumber)}, {content.Currency.Code}<br>\n")
            .Append(CultureInfo.InvariantCulture, $"{Day(content.From)} to {Day(content.LastDay)}, both included, days in UTC</p>\n");
        if (statement.Restates is { } restates)
        {
            html.Append(CultureInfo.InvariantCulture, $"<p>Restates {Text(restates.Supersedes)}.</p>\n");
        }

        html.Append("<table>\n");
        Head(html, "Balance");
        Balance(html, content.From, "Opening balance", content.Opening.ToDecimalString());
        Entries(html, content.Entries);
        Balance(html, content.LastDay, "Closing balance", content.Closing.ToDecimalString());
        html.Append("</tbody>\n</table>\n");
        if (statement.Restates is { } added)
        {
            html.Append(CultureInfo.InvariantCulture, $"<h2>Entries that {Text(added.Supersedes)} did not have</h2>\n<table>\n");
            Head(html, "");
            Entries(html, added.Added);
            html.Append("</tbody>\n</table>\n");
        }

        html.Append(CultureInfo.InvariantCulture, $"<p class=\"s\">{Text(statement.Id)}, as known at ")
            .Append(CultureInfo.InvariantCulture, $"{StatementLine.Instant(statement.KnownAt)}. Content {statement.ContentHash}.</p>\n")
            .Append("</body>\n</html>\n");
        return Encoding.UTF8.GetBytes(html.ToString());
    }

    private static void Head(StringBuilder html, string balance) => html.Append(
        CultureInfo.InvariantCulture,
        $"<thead><tr><th>Date</th><th>Entry</th><th class=\"n\">Amount</th><th class=\"n\">{balance}</th></tr></thead>\n<tbody>\n");

    private static void Balance(StringBuilder html, DateOnly day, string name, string balance) => html.Append(
        CultureInfo.InvariantCulture,
        $"<tr><td>{Day(day)}</td><td>{name}</td><td></td><td class=\"n\"><strong>{balance}</strong></td></tr>\n");

    private static void Entries(StringBuilder html, IReadOnlyList<StatementEntry> entries)
    {
        foreach (var e in entries)
        {
            var texts = ((string?[])[e.OtherAccount, e.Details?.Counterparty?.Bank, e.Details?.Counterparty?.Account, e.Details?.Operation,
                e.Details?.Purpose?.Text, e.Details?.Reference, e.Details?.Purpose?.Code, e.Details?.EndToEndId]).OfType<string>();
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Day(e.EffectiveDay)}</td><td>{Text(e.Type)}")
                .Append(string.Concat(texts.Select(t => $"<br>{Text(t)}")))
                .Append(CultureInfo.InvariantCulture, $"<br><span class=\"s\">{Text(e.Id)}</span></td>")
                .Append(CultureInfo.InvariantCulture, $"<td class=\"n\">{e.SignedAmount.ToDecimalString()}</td>")
                .Append(CultureInfo.InvariantCulture, $"<td class=\"n\">{e.Balance?.ToDecimalString()}</td></tr>\n");
        }
    }

    private static string Day(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
