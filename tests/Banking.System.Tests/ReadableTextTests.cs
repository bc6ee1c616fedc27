using System.Text.RegularExpressions;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>The free text of commands is in the tables that the decision about it lists (docs/decisions/0065), and in no others.</summary>
public sealed partial class ReadableTextTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Word = "Zebranquixot";

    [Fact]
    public async Task Reasons_and_references_are_in_the_log_in_answers_and_in_refusals_only()
    {
        var (teller, amount) = (bank.As("teller"), new { value = "10.00", currency = "EUR" });
        var (from, to) = (await teller.OpenAsync(balance: "15.00"), await teller.OpenAsync());
        var transfer = new { fromAccountId = from, toAccountId = to, amount, reason = Word + " reason", reference = Word + " reference" };
        var paid = (await teller.PostAsync("/v1/transfers", transfer)).Created();
        (await teller.PostAsync("/v1/transfers", transfer)).IsProblem(422, "insufficient_funds");
        var why = new { reasonCode = "wish", reason = Word };
        var fixedAmount = new { value = "9.00", currency = "EUR" };
        (await teller.PostAsync(
            $"/v1/transactions/{paid.Text("id")}/corrections", new { kind = "amount", amount = fixedAmount, why.reasonCode, why.reason }))
            .Created();
        (await teller.PostAsync($"/v1/accounts/{to}/freeze", new { scope = "all", why.reasonCode, why.reason })).Ok();
        foreach (var path in (string[])["/v1/transfers", "/v1/entries", "/audit/events", "/v1/ledger/trial-balance"])
        {
            (await bank.As("operator").GetCurrentAsync(path, await bank.LastAsync())).Ok();
        }

        var tables = new HashSet<string>();
        var table = "";
        foreach (var line in (await DatabaseBackup.TextAsync(bank.ConnectionString)).Split('\n'))
        {
            table = Copy().Match(line) is { Success: true } begin ? begin.Groups[1].Value : table;
            if (line.Contains(Word, StringComparison.Ordinal))
            {
                tables.Add(table);
            }
        }

        // Answers are in the partition of their month.
        var names = tables.Select(t => t.StartsWith("platform.receipt_answer_", StringComparison.Ordinal) ? "platform.receipt_answer" : t);
        Assert.Equal(
            ["bank.mt_events_default", "platform.mt_doc_refusal", "platform.receipt_answer"],
            names.Distinct().Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^COPY ([\w.]+) \(")]
    private static partial Regex Copy();
}
