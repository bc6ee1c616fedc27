namespace Banking.System.Tests;

/// <summary>Bodies with one error each, and the expected answer. ACC is replaced by an existing account.</summary>
internal static class BadInputCases
{
    private const string Deposits = "/v1/deposits";
    private const string Amount = """{"value":"1.00","currency":"EUR"}""";

    public static readonly Dictionary<string, (string Path, string Body, int Status, string Code, string? Pointer)> Cases = new()
    {
        ["a negative amount"] = Value("\"-1.00\"", "invalid_amount"),
        ["a positive sign"] = Value("\"+1.00\"", "invalid_amount"),
        ["zero"] = Value("\"0.00\"", "amount_not_positive"),
        ["zero without decimals"] = Value("\"0\"", "amount_not_positive"),
        ["negative zero"] = Value("\"-0.00\"", "invalid_amount"),
        ["a third decimal"] = Value("\"1.001\"", "invalid_amount"),
        ["a third decimal of zero"] = Value("\"1.000\"", "invalid_amount"),
        ["31 digits"] = Value("\"1234567890123456789012345678901\"", "invalid_amount"),
        ["more than the largest amount"] = Value("\"1000000000000000.01\"", "invalid_amount"),
        ["20 000 digits"] = Value($"\"{new string('9', 20_000)}\"", "invalid_amount"),
        ["an exponent"] = Value("\"1e3\"", "invalid_amount"),
        ["a space before"] = Value("\" 1\"", "invalid_amount"),
        ["a space after"] = Value("\"1 \"", "invalid_amount"),
        ["a comma"] = Value("\"1,00\"", "invalid_amount"),
        ["a thousands separator"] = Value("\"1,000.00\"", "invalid_amount"),
        ["a point at the end"] = Value("\"1.\"", "invalid_amount"),
        ["a point at the start"] = Value("\".5\"", "invalid_amount"),
        ["two points"] = Value("\"1.0.0\"", "invalid_amount"),
        ["hexadecimal"] = Value("\"0x10\"", "invalid_amount"),
        ["digits of another script"] = Value("\"\\u0661\"", "invalid_amount"),
        ["infinity"] = Value("\"Infinity\"", "invalid_amount"),
        ["an empty value"] = Value("\"\"", "invalid_amount"),
        ["a number for a value"] = Value("1.00", "malformed_json", 400),
        ["a whole number for a value"] = Value("1", "malformed_json", 400),
        ["a boolean for a value"] = Value("true", "malformed_json", 400),
        ["a null for a value"] = Value("null", "malformed_json", 400),
        ["a list for a value"] = Value("[\"1.00\"]", "malformed_json", 400),
        ["NaN for a value"] = Value("NaN", "malformed_json", 400),
        ["an unknown currency"] = Currency("\"XXX\""),
        ["a currency that never existed"] = Currency("\"XXQ\""),
        ["a currency in lower case"] = Currency("\"eur\""),
        ["a currency with a space"] = Currency("\"EUR \""),
        ["a currency by its number"] = Currency("\"978\""),
        ["an empty currency"] = Currency("\"\""),
        ["a currency of 20 000 letters"] = Currency($"\"{new string('E', 20_000)}\""),
        ["a currency with NUL"] = Currency("\"EU\\u0000\""),
        ["a number for a currency"] = (Deposits, """{"accountId":"ACC","amount":{"value":"1.00","currency":978}}""", 400, "malformed_json",
            "#/amount/currency"),
        ["no amount"] = (Deposits, """{"accountId":"ACC"}""", 400, "malformed_json", "#"),
        ["no value"] = (Deposits, """{"accountId":"ACC","amount":{"currency":"EUR"}}""", 400, "malformed_json", "#/amount"),
        ["no account"] = (Deposits, $$"""{"amount":{{Amount}}}""", 400, "malformed_json", "#"),
        ["an empty object"] = (Deposits, "{}", 400, "malformed_json", "#"),
        ["an empty body"] = (Deposits, "", 400, "malformed_json", "#"),
        ["a blank body"] = (Deposits, "  ", 400, "malformed_json", "#"),
        ["null"] = (Deposits, "null", 400, "malformed_json", "#"),
        ["a text"] = (Deposits, "\"deposit\"", 400, "malformed_json", "#"),
        ["a number"] = (Deposits, "1", 400, "malformed_json", "#"),
        ["a list"] = (Deposits, $$"""[{"accountId":"ACC","amount":{{Amount}}}]""", 400, "malformed_json", "#"),
        ["two bodies"] = (Deposits, $$"""{"accountId":"ACC","amount":{{Amount}}}{"accountId":"ACC","amount":{{Amount}}}""", 400,
            "malformed_json", null),
        ["half a body"] = (Deposits, """{"accountId":"ACC","amount":{"value":"1.00","curr""", 400, "malformed_json", "#/amount"),
        ["a trailing comma"] = (Deposits, $$"""{"accountId":"ACC","amount":{{Amount}},}""", 400, "malformed_json", null),
        ["a comment"] = (Deposits, $$"""{"accountId":"ACC",/* no */"amount":{{Amount}}}""", 400, "malformed_json", null),
        ["single quotes"] = (Deposits, "{'accountId':'ACC'}", 400, "malformed_json", null),
        ["XML"] = (Deposits, "<deposit/>", 400, "malformed_json", "#"),
        ["an unknown member"] = Member("\"balance\":\"1000000.00\"", "malformed_json", 400, "#/balance"),
        ["an unknown member of the amount"] = (Deposits, """{"accountId":"ACC","amount":{"value":"1.00","currency":"EUR","scale":0}}""",
            400, "malformed_json", "#/amount/scale"),
        ["the bank's own side"] = Member("\"bankSide\":\"settlement\"", "malformed_json", 400, "#/bankSide"),
        ["a member in another case"] = (Deposits, $$"""{"AccountId":"ACC","amount":{{Amount}}}""", 400, "malformed_json", "#/AccountId"),
        ["a member twice"] = Member("\"accountId\":\"ACC\"", "malformed_json", 400, "#/accountId"),
        ["a type of .NET"] = Member("\"$type\":\"Banking.Accounts.Domain.AccountOpened\"", "malformed_json", 400),
        ["a member named by half a surrogate pair"] = Member("\"\\ud800\":1", "malformed_json", 400),
        ["a member named with a quote and a slash"] = Member("\"a/b~c.d['e']\":1", "malformed_json", 400),
        ["a null for the account"] = (Deposits, $$"""{"accountId":null,"amount":{{Amount}}}""", 400, "malformed_json", "#/accountId"),
        ["a null for the amount"] = (Deposits, """{"accountId":"ACC","amount":null}""", 400, "malformed_json", "#/amount"),
        ["a text for the amount"] = (Deposits, """{"accountId":"ACC","amount":"1.00 EUR"}""", 400, "malformed_json", "#/amount"),
        ["deep nesting"] = Member($"\"reason\":{new string('[', 5000)}{new string(']', 5000)}", "malformed_json", 400),
        ["a reason too long"] = Member($"\"reason\":\"{new string('r', 141)}\"", "invalid_text", 400, "#/reason"),
        ["a reference too long"] = Member($"\"reference\":\"{new string('r', 141)}\"", "invalid_text", 422, "#/reference"),
        ["a reason with a line separator"] = Member("\"reason\":\"a\\u2028b\"", "invalid_text", 400, "#/reason"),
        ["a blank reason"] = Member("\"reason\":\" \"", "invalid_text", 400, "#/reason"),
        ["an empty reason"] = Member("\"reason\":\"\"", "reason_required", 400, "#/reason"),
        ["a null for the reason"] = Member("\"reason\":null", "reason_required", 400, "#/reason"),
        ["no reason"] = (Deposits, $$"""{"accountId":"ACC","amount":{{Amount}}}""", 400, "reason_required", "#/reason"),
        ["a date"] = Date("\"2026-01-01\""),
        ["a time without an offset"] = Date("\"2026-01-01T12:00:00\""),
        ["a time without seconds"] = Date("\"2026-01-01T12:00Z\""),
        ["a 30th of February"] = Date("\"2026-02-30T12:00:00Z\""),
        ["a 61st second"] = Date("\"2026-01-01T12:00:61Z\""),
        ["a time in words"] = Date("\"yesterday\""),
        ["an empty time"] = Date("\"\""),
        ["a time as a number"] = Date("1767268800"),
        ["an offset of a day"] = Date("\"2026-01-01T12:00:00+24:00\""),
        ["the year 1"] = Date("\"0001-01-01T00:00:00Z\""),
        ["before the year 1"] = Date("\"0001-01-01T00:00:00+14:00\""),
        ["after the year 9999"] = Date("\"9999-12-31T23:59:59-14:00\""),
        ["a malformed account id"] = (
            Deposits, $$"""{"accountId":"garbage","amount":{{Amount}},"reason":"r"}""", 404, "account_not_found", "#/accountId"),
        ["an account by its bare id"] = (
            Deposits,
            $$"""{"accountId":"0198f000-0000-7000-8000-000000000001","amount":{{Amount}},"reason":"r"}""",
            404,
            "account_not_found",
            "#/accountId"),
        ["a customer for an account"] = (
            Deposits,
            $$"""{"accountId":"cus_0198f000000070008000000000000001","amount":{{Amount}},"reason":"r"}""",
            404,
            "account_not_found",
            "#/accountId"),
        ["an empty account"] = (
            Deposits, $$"""{"accountId":"","amount":{{Amount}},"reason":"r"}""", 404, "account_not_found", "#/accountId"),
        ["SQL for an account"] = (
            Deposits,
            $$"""{"accountId":"'; drop table bank.mt_events; --","amount":{{Amount}},"reason":"r"}""",
            404,
            "account_not_found",
            "#/accountId"),
        ["an account of 20 000 letters"] = (
            Deposits,
            $$"""{"accountId":"{{new string('a', 20_000)}}","amount":{{Amount}},"reason":"r"}""",
            404,
            "account_not_found",
            "#/accountId"),
        ["an unknown scope"] = (
            "/v1/accounts/ACC/freeze", """{"scope":"none","reasonCode":"c","reason":"r"}""", 400, "malformed_json", "#/scope"),
        ["a scope by its number"] = (
            "/v1/accounts/ACC/freeze", """{"scope":1,"reasonCode":"c","reason":"r"}""", 400, "malformed_json", "#/scope"),
        ["a scope in upper case"] = (
            "/v1/accounts/ACC/freeze", """{"scope":"ALL","reasonCode":"c","reason":"r"}""", 400, "malformed_json", "#/scope"),
        ["a time with a space"] = Date("\"2026-01-01T12:00:00 01:00\""),
        ["two scopes"] = ("/v1/accounts/ACC/freeze", """{"scope":"debit,credit","reasonCode":"c","reason":"r"}""", 400, "malformed_json",
            "#/scope"),
        ["a customer without a name"] = ("/v1/customers", """{"email":"a@b"}""", 400, "malformed_json", "#"),
        ["a customer with an empty name"] = ("/v1/customers", """{"name":""}""", 422, "invalid_text", "#/name"),
        ["an e-mail address without @"] = ("/v1/customers", """{"name":"Ada","email":"ada.example.org"}""", 422, "invalid_text", "#/email"),
        ["an account number with wrong check digits"] = ("/v1/accounts",
            """{"customerId":"cus_1","currency":"EUR","number":"DE89370400440532013001"}""", 422, "invalid_account_number", "#/number"),
        ["a limit below zero"] = ("/v1/accounts", """{"customerId":"cus_1","currency":"EUR","overdraftLimit":"-1.00"}""", 422,
            "invalid_amount", "#/overdraftLimit"),
    };

    private static (string Path, string Body, int Status, string Code, string? Pointer) Value(string value, string code,
        int status = 422) =>
        (Deposits, $$$"""{"accountId":"ACC","amount":{"value":{{{value}}},"currency":"EUR"}}""", status, code, "#/amount/value");

    private static (string Path, string Body, int Status, string Code, string? Pointer) Currency(string currency) =>
        (Deposits, $$$"""{"accountId":"ACC","amount":{"value":"1.00","currency":{{{currency}}}}}""", 422, "unknown_currency",
            "#/amount/currency");

    private static (string Path, string Body, int Status, string Code, string? Pointer) Member(string member, string code, int status,
        string? pointer = null) =>
        (Deposits, $$"""{"accountId":"ACC","amount":{{Amount}},{{member}}}""", status, code, pointer);

    private static (string Path, string Body, int Status, string Code, string? Pointer) Date(string date) =>
        Member($"\"effectiveAt\":{date}", "malformed_json", 400, "#/effectiveAt");
}
