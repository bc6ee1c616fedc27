using System.Globalization;
using System.Text;
using System.Xml;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Statements.Formats;

/// <summary>
/// A statement as camt.053.001.08 of ISO 20022. Ids are written without the underscore, because they may have 35 characters.
/// </summary>
internal static class Camt053Format
{
    private const string Namespace = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08";

    /// <summary>An amount may have this many digits.</summary>
    private const int MaxDigits = 18;

    /// <summary>Null if an amount has more digits than the format allows.</summary>
    public static byte[]? Render(Statement statement)
    {
        var content = statement.Content;
        if (!Fits(content.Opening) || content.Entries.Any(e => !Fits(e.Amount) || !Fits(e.Balance!.Value)))
        {
            return null;
        }

        using var stream = new MemoryStream();
        var settings = new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, NewLineChars = "\n" };
        using (var xml = XmlWriter.Create(stream, settings))
        {
            xml.WriteStartElement("Document", Namespace);
            xml.WriteStartElement("BkToCstmrStmt");
            xml.WriteStartElement("GrpHdr");
            xml.WriteElementString("MsgId", Id(statement.Id));
            xml.WriteElementString("CreDtTm", StatementLine.Instant(statement.IssuedAt));
            xml.WriteEndElement();
            xml.WriteStartElement("Stmt");
            Head(xml, statement);
            Balance(xml, "OPBD", content.Opening, content.From);
            Balance(xml, "CLBD", content.Closing, content.LastDay);
            foreach (var entry in content.Entries)
            {
                Entry(xml, entry);
            }

            if (statement.Restates is { } restates)
            {
                xml.WriteElementString("AddtlStmtInf", $"Restates {Id(restates.Supersedes)}");
            }
        }

        return stream.ToArray();
    }

    private static void Head(XmlWriter xml, Statement statement)
    {
        var content = statement.Content;
        xml.WriteElementString("Id", Id(statement.Id));
        xml.WriteElementString("ElctrncSeqNb", statement.Number.ToString(CultureInfo.InvariantCulture));
        xml.WriteElementString("CreDtTm", StatementLine.Instant(statement.IssuedAt));
        xml.WriteStartElement("FrToDt");
        xml.WriteElementString("FrDtTm", Day(content.From) + "T00:00:00Z");
        xml.WriteElementString("ToDtTm", Day(content.To) + "T00:00:00Z");
        xml.WriteEndElement();
        xml.WriteStartElement("Acct");
        Nested(xml, content.AccountNumber, "Id", "IBAN");
        xml.WriteElementString("Ccy", content.Currency.Code);
        // The word of the standard for a bank without an identifier. Readers expect the element.
        Nested(xml, "NOTPROVIDED", "Svcr", "FinInstnId", "Othr", "Id");
        xml.WriteEndElement();
    }

    private static void Balance(XmlWriter xml, string code, Money balance, DateOnly day)
    {
        xml.WriteStartElement("Bal");
        Nested(xml, code, "Tp", "CdOrPrtry", "Cd");
        Amount(xml, balance, balance.IsNegative ? Direction.Debit : Direction.Credit);
        Nested(xml, Day(day), "Dt", "Dt");
        xml.WriteEndElement();
    }

    private static void Entry(XmlWriter xml, StatementEntry e)
    {
        xml.WriteStartElement("Ntry");
        Amount(xml, e.Amount, e.Direction);
        Nested(xml, "BOOK", "Sts", "Cd");
        Nested(xml, StatementLine.Instant(e.RecordedAt), "BookgDt", "DtTm");
        Nested(xml, StatementLine.Instant(e.EffectiveAt), "ValDt", "DtTm");
        xml.WriteElementString("AcctSvcrRef", Id(e.Id));
        Nested(xml, Short(e.Type, 35), "BkTxCd", "Prtry", "Cd");
        if (e.OtherAccount is not null || e.Details is { Reference: not null } or { EndToEndId: not null } or { Purpose.Code: not null })
        {
            xml.WriteStartElement("NtryDtls");
            xml.WriteStartElement("TxDtls");
            if (e.Details?.EndToEndId is { } endToEndId)
            {
                Nested(xml, endToEndId, "Refs", "EndToEndId");
            }

            if (e.OtherAccount is { } other)
            {
                Nested(xml, other, "RltdPties", e.Direction == Direction.Credit ? "DbtrAcct" : "CdtrAcct", "Id", "IBAN");
            }

            if (e.Details?.Purpose?.Code is { } code)
            {
                Nested(xml, code, "Purp", "Cd");
            }

            if (e.Details?.Reference is { } reference)
            {
                Nested(xml, Short(reference, 140), "RmtInf", "Ustrd");
            }

            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        if (AdditionalText(e) is { Length: > 0 } text)
        {
            xml.WriteElementString("AddtlNtryInf", Short(text, 500));
        }

        xml.WriteEndElement();
    }

    private static string AdditionalText(StatementEntry e) => string.Join(", ", ((string?[])
        [
            e.Details?.Operation, e.Details?.Purpose?.Text, e.Details?.Counterparty?.Bank, e.Details?.Counterparty?.Account,
            e.Corrects is { } corrected ? $"corrects {Id(corrected)}" : null,
        ]).OfType<string>());

    private static void Amount(XmlWriter xml, Money amount, Direction direction)
    {
        xml.WriteStartElement("Amt");
        xml.WriteAttributeString("Ccy", amount.Currency.Code);
        xml.WriteString(amount.Abs.ToDecimalString());
        xml.WriteEndElement();
        xml.WriteElementString("CdtDbtInd", direction == Direction.Credit ? "CRDT" : "DBIT");
    }

    private static void Nested(XmlWriter xml, string value, params IReadOnlyList<string> path)
    {
        foreach (var name in path.SkipLast(1))
        {
            xml.WriteStartElement(name);
        }

        xml.WriteElementString(path[^1], value);
        for (var i = 1; i < path.Count; i++)
        {
            xml.WriteEndElement();
        }
    }

    private static bool Fits(Money amount) =>
        amount.Minor != long.MinValue && amount.Abs.Minor.ToString(CultureInfo.InvariantCulture).Length <= MaxDigits;

    /// <summary>Cuts a text, and never between the halves of a character.</summary>
    private static string Short(string text, int length) =>
        text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];

    private static string Id(string id) => id.Replace("_", "", StringComparison.Ordinal);

    private static string Day(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);
}
