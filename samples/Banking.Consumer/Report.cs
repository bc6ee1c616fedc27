using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.Consumer;

/// <summary>The result of a run.</summary>
public sealed record Report(
    long Received, long Applied, long Waiting, long Duplicates, long Inversions, IReadOnlyList<Gap> Gaps, IReadOnlyList<Compared> Accounts)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>True if no event is missing, none arrived out of order, and every comparable balance equals the bank's.</summary>
    public bool IsGood => Gaps.Count == 0 && Inversions == 0 && Accounts.All(a => a.Verdict is Verdict.Equal or Verdict.Incomplete);

    public static Report Of(Book book, IReadOnlyList<Compared> accounts) =>
        new(book.Received, book.Applied, book.Waiting, book.Duplicates, book.Inversions, [.. book.Gaps], accounts);

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>The counts, and one line for each problem.</summary>
    public override string ToString() =>
        string.Join(
            '\n',
            [
                Line($"events: {Received} received, {Applied} applied, {Waiting} waiting, {Duplicates} duplicates, ")
                    + Line($"{Inversions} inversions, {Gaps.Count} gaps"),
                Line($"accounts: {Accounts.Count}, of which {string.Join(", ", Enum.GetValues<Verdict>().Select(Count))}"),
                .. Gaps.Select(g => Line($"gap: {g.Account} after {g.After?.ToString() ?? "nothing"} up to {g.UpTo}")),
                .. Accounts
                    .Where(a => a.Verdict is Verdict.Differing or Verdict.Missing)
                    .Select(Describe),
            ]);

    private static string Describe(Compared account) =>
        Line($"{Name(account.Verdict)}: {account.Book.Account}: {account.Book.Balance} of {account.Book.Events} events ")
        + Line($"up to {account.Book.Last}, the bank has {account.Bank} ")
        + Line($"and published {account.Published.Events} up to {account.Published.Last}");

    private string Count(Verdict verdict) => $"{Accounts.Count(a => a.Verdict == verdict)} {Name(verdict)}";

    private static string Name(Verdict verdict) => JsonNamingPolicy.CamelCase.ConvertName(verdict.ToString());

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
