namespace Banking.Host.Demo;

/// <summary>A question to the demo bank.</summary>
/// <param name="Command">The shell command that asks it. It uses the variables TOKEN (a teller's) and OPERATOR.</param>
/// <param name="Answer">The gist of the answer.</param>
internal sealed record DemoQuestion(string Text, string Command, string Answer);

/// <summary>Six questions that a new user can ask the demo bank.</summary>
internal static class DemoQuestions
{
    private const string Teller = "-H \"Authorization: Bearer $TOKEN\"";
    private const string Operator = "-H \"Authorization: Bearer $OPERATOR\"";
    private const string Json = "-H \"Content-Type: application/json\"";

    public static string Transfer(string address) =>
        $$"""
        curl -s {{address}}/v1/transfers {{Teller}} \
          -H "Idempotency-Key: $(date +%s)" {{Json}} \
          -d '{"fromAccountId":"{{DemoHistory.Number(1)}}","toAccountId":"{{DemoHistory.Number(2)}}",
               "amount":{"value":"12.50","currency":"EUR"},"reason":"lunch"}'
        """;

    /// <param name="doubleSalary">The public id of the deposit that was made by mistake.</param>
    public static IReadOnlyList<DemoQuestion> Create(string address, string doubleSalary)
    {
        var (ada, ben) = ($"{address}/v1/accounts/{DemoHistory.Number(1)}", $"{address}/v1/accounts/{DemoHistory.Number(2)}");
        return
        [
            new("What was Ada's balance at 3 pm on Tuesday, 6 January?",
                $"curl -s \"{ada}/balance?effectiveAt=2026-01-06T15:00:00Z\" {Teller}",
                "4800.00: her salary was paid twice"),
            new("What was it on 10 March, as the bank knew it on 15 March? (Without knownAt: as it knows it today.)",
                $"curl -s \"{ada}/balance?effectiveAt=2026-03-10T12:00:00Z&knownAt=2026-03-15T12:00:00Z\" {Teller}",
                "6359.75; today the answer is 6509.75, because 150.00 that were paid in on 9 March were counted on 20 March"),
            new("Who paid the salary twice, and why?",
                $"curl -s \"{ada}/events?limit=3\" {Teller}",
                "the third event has its actor, its reason (paid a second time by mistake) and both times"),
            new("Why did Ben get no car?",
                $"curl -s \"{ben}/refusals\" {Teller}",
                "insufficient_funds, with the facts the bank saw: 4610.40 were available"),
            new("Can the bank build its ledger again from its events, while it serves?",
                $"curl -s {address}/ops/projections/ledger/rebuild {Operator} {Json} "
                    + "\\\n  -d '{\"reasonCode\":\"trial\",\"reason\":\"to see it\"}'; "
                    + $"\\\n  curl -sN {address}/ops/projections/ledger/rebuild {Operator} -H \"Accept: text/event-stream\"",
                "its progress, then finished: the new ledger was compared with the old one and serves"),
            new("Can Ada's second salary be taken back, although nothing that was stored is changed?",
                $"curl -s {address}/v1/transactions/{doubleSalary}/corrections {Teller} \\\n  "
                    + $"-H \"Idempotency-Key: correct-the-salary\" {Json} \\\n  "
                    + "-d '{\"kind\":\"duplicate\",\"reasonCode\":\"paid-twice\",\"reason\":\"the salary was paid twice\"}'",
                "a booking that takes 2400.00 back as of 6 January: the first answer is 2400.00 from now on, and 4800.00 with "
                    + "&knownAt=2026-10-31T12:00:00Z. With ?dryRun=true the bank shows the balances and stores nothing"),
        ];
    }
}
