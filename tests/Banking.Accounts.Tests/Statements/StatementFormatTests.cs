using System.Text;
using Banking.Accounts.Contracts;
using Banking.Accounts.Statements;
using Banking.Accounts.Statements.Formats;
using Banking.SharedKernel;

namespace Banking.Accounts.Tests.Statements;

/// <summary>
/// The bytes of each format. A golden file is written once, by BANKING_WRITE_DOCS=1: a format that issued statements were rendered in must
/// not change.
/// </summary>
public sealed class StatementFormatTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 2, 9, 30, 0, 123, 456, TimeSpan.Zero);

    /// <summary>Two decimals, a balance below zero, texts that each format must escape, and a restatement.</summary>
    internal static readonly Statement Euro = Example(
        "EUR", 1_300, new("stm_019b9408b28070008000000000000001", [Entry(1, "deposit", Direction.Credit, 5_000, "EUR", null)]),
        Entry(1, "deposit", Direction.Credit, 5_000, "EUR", null),
        Entry(2, "withdrawal", Direction.Debit, 7_001, "EUR",
            new("cash-out", new(Text: "household"), "=1+1 <b>\"&\" Müller, \u20ac 7", new("YZ", "87144583"))),
        Entry(3, "transfer-sent", Direction.Debit, 1, "EUR", new(Reference: "-:rent " + new string('x', 70)), "XB77DEMO000000000002"),
        Entry(4, "reversed", Direction.Credit, 1, "EUR", null, "XB77DEMO000000000002"));

    internal static readonly Statement Yen = Example("JPY", 0, null);

    internal static readonly Statement Dinar = Example("KWD", -1, null, Entry(1, "deposit", Direction.Credit, 1_234_567, "KWD", null));

    internal static readonly Statement Unidad = Example("UYW", 0, null, Entry(1, "deposit", Direction.Credit, 1, "UYW", null));

    /// <summary>The details that the second version of movements has.</summary>
    internal static readonly Statement Payment = Example(
        "EUR", 0, null,
        Entry(
            1, "deposit", Direction.Credit, 240_000, "EUR",
            new(null, new("SALA", "salary"), "Wages November", new("YZ", "87144583"), "PAY-2026-11")));

    internal static IReadOnlyList<(string Name, Statement Statement)> All =>
        [("euro", Euro), ("yen", Yen), ("dinar", Dinar), ("unidad", Unidad), ("payment", Payment)];

    public static TheoryData<string, string> Files =>
        [.. from example in All from form in StatementForms.All select (example.Name, form.Suffix)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_format_never_changes(string name, string suffix)
    {
        var path = Path.Combine("Statements", "golden", $"{name}.{suffix}");
        var rendered = StatementForms.All.Single(f => f.Suffix == suffix).Render(All.Single(e => e.Name == name).Statement)!;
        if (Environment.GetEnvironmentVariable("BANKING_WRITE_DOCS") == "1" && !File.Exists(InSource(path)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(InSource(path))!);
            File.WriteAllBytes(InSource(path), rendered);
        }

        Assert.Equal(File.ReadAllText(InSource(path)), Encoding.UTF8.GetString(rendered));
    }

    [Theory]
    [InlineData(99_999_999_999_999, true)]
    [InlineData(100_000_000_000_000, false)]
    public void An_amount_that_is_longer_than_a_format_allows_is_not_rendered(long minor, bool fits)
    {
        var statement = Example("EUR", 0, null, Entry(1, "deposit", Direction.Credit, minor, "EUR", null));

        Assert.Equal(fits, Mt940Format.Render(statement) is not null);
        Assert.NotNull(Camt053Format.Render(statement));
        var longer = Example("EUR", 0, null, Entry(1, "deposit", Direction.Credit, 1_000_000_000_000_000_000, "EUR", null));
        Assert.Null(Camt053Format.Render(longer));
    }

    [Fact]
    public void Mt940_has_only_characters_of_its_set_in_lines_of_its_length()
    {
        var lines = Encoding.UTF8.GetString(Mt940Format.Render(Euro)!).Split("\r\n");

        Assert.All(lines, line => Assert.InRange(line.Length, 0, 70));
        Assert.All(lines[..^2], line => Assert.Matches(@"^[A-Za-z0-9/\-?:().,'+ ]+$", line));
        Assert.All(lines[..^2], line => Assert.True(line[0] != '-', line));
        Assert.Equal(["-", ""], lines[^2..]);
    }

    [Theory]
    [InlineData("x;=HYPERLINK(A1);y")]
    [InlineData("x;  @SUM(A1)")]
    [InlineData("x;\"=1+1;y")]
    [InlineData("x;\" \"-1+1")]
    [InlineData("x\t+1")]
    [InlineData("x\n＝1")]
    [InlineData("\"=1")]
    public void No_cell_of_the_csv_is_a_formula_whatever_separates_the_cells(string reference)
    {
        var csv = Encoding.UTF8.GetString(CsvFormat.Render(
            Example("EUR", 0, null, Entry(1, "deposit", Direction.Credit, 1, "EUR", new(Reference: reference)))));

        Assert.All(
            csv.Split(';', '\t', '\n').Concat(csv.Split("EUR,")),
            cell => Assert.DoesNotMatch("^[\\s\"]*[=+@＝-]", cell));
    }

    [Theory]
    [InlineData(1L, true)]
    [InlineData(2L, false)]
    public void The_hash_is_of_the_content(long minor, bool isSame)
    {
        var content = Example("EUR", 0, null, Entry(1, "deposit", Direction.Credit, 1, "EUR", null)).Content;
        var other = Example("EUR", 0, null, Entry(1, "deposit", Direction.Credit, minor, "EUR", null)).Content;

        Assert.Equal(isSame, ContentHash.Of(content) == ContentHash.Of(other));
    }

    private static Statement Example(string currency, long opening, Restatement? restates, params StatementEntry[] entries)
    {
        var balance = new Money(opening, Currency.Parse(currency));
        var content = new StatementContent(
            "acc_019b9408b28070008000000000000009", "XB50DEMO000000000001", new(2026, 10, 1), new(2026, 11, 1), balance,
            [.. entries.Select(e => e with { Balance = balance += e.SignedAmount })]);
        return new("stm_019b9408b2807000800000000000000a", 7, At.AddSeconds(1), At, content, ContentHash.Of(content), restates);
    }

    private static StatementEntry Entry(
        int number, string type, Direction direction, long minor, string currency, MovementDetails? details, string? other = null) => new(
        $"dep_019b9408b2807000800000000000001{number}", type, direction, new(minor, Currency.Parse(currency)), null, number + 1,
        At.AddDays(number - 20), At.AddDays(number - 19), details, other, type == "reversed" ? "reversal" : null,
        type == "reversed" ? "trf_019b9408b28070008000000000000013" : null);

    /// <summary>The file in the source, so that it can be written there.</summary>
    private static string InSource(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Banking.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder.FullName, "tests", "Banking.Accounts.Tests", path);
    }
}
