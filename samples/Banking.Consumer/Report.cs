using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.Consumer;

/// <summary>What a run came to.</summary>
public sealed record Report(
    long Received, long Applied, long Waiting, long Duplicates, long Inversions, IReadOnlyList<Gap> Gaps, IReadOnlyList<Compared> Accounts)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Nothing is missing, nothing came too late, and every balance that can be compared is the bank's.</summary>
    public bool IsGood => Gaps.Count == 0 && Inversions == 0 && Accounts.All(a => a.Verdict is Verdict.Equal or Verdict.Incomplete);

    public static Report Of(Book book, IReadOnlyList<Compared> accounts) =>
        new(book.Received, book.Applied, book.Waiting, book.Duplicates, book.Inversions, [.. book.Gaps], accounts);

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>The counts, and a line for each thing that is not as it should be.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture,
            $"events: {Received} received, {Applied} applied, {Waiting} waiting, {Duplicates} duplicates, {Inversions} inversions, {Gaps.Count} gaps");
        text.AppendLine(CultureInfo.InvariantCulture, $"accounts: {Accounts.Count}, of which {string.Join(", ", Enum.GetValues<Verdict>().Select(Count))}");
        foreach (var gap in Gaps)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"gap: {gap.Account} after {gap.After?.ToString() ?? "nothing"} up to {gap.UpTo}");
        }

        foreach (var account in Accounts.Where(a => a.Verdict is Verdict.Differing or Verdict.Missing))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{Name(account.Verdict)}: {Line(account)}");
        }

        return text.ToString();
    }

    private string Count(Verdict verdict) => $"{Accounts.Count(a => a.Verdict == verdict)} {Name(verdict)}";

    private static string Name(Verdict verdict) => JsonNamingPolicy.CamelCase.ConvertName(verdict.ToString());

    private static string Line(Compared account) => string.Create(CultureInfo.InvariantCulture,
        $"{account.Book.Account}: {account.Book.Balance} of {account.Book.Events} events up to {account.Book.Last}, the bank has {account.Bank} and published {account.Published.Events} up to {account.Published.Last}");
}
