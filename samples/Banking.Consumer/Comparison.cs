using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace Banking.Consumer;

/// <summary>How the book's account stands to the bank's.</summary>
public enum Verdict
{
    /// <summary>Nothing is missing, and the balances are the same.</summary>
    Equal,

    /// <summary>Nothing is missing, and the balances are not the same.</summary>
    Differing,

    /// <summary>The bank published events of the account that did not arrive, or are waiting for one that did not.</summary>
    Missing,

    /// <summary>Nothing is missing, but the account is older than what was published of it.</summary>
    Incomplete,
}

/// <summary>One account, in the book and in the bank.</summary>
/// <param name="Bank">The bank's balance; null where it does not know the account.</param>
/// <param name="Published">What the bank says that it published of the account.</param>
public sealed record Compared(AccountState Book, Money? Bank, Published Published)
{
    public Verdict Verdict => this switch
    {
        _ when (Book.First, Book.Last, Book.Events) != (Published.First, Published.Last, Published.Events) => Verdict.Missing,
        { Book.Complete: false } => Verdict.Incomplete,
        _ => Book.Balance == Bank ? Verdict.Equal : Verdict.Differing,
    };
}

/// <summary>
/// The places of the first and the last published event of an account, and how many were published; no places where none was.
/// </summary>
public sealed record Published(long? First, long? Last, long Events);

/// <summary>
/// Asks the bank itself about each account of a book. The two agree only about a bank that is at rest: what is booked in between is in
/// one and not yet in the other.
/// </summary>
public sealed class Comparison(HttpClient http)
{
    private const int AtATime = 8;

    /// <summary>The accounts of the book, by their ids.</summary>
    public async Task<IReadOnlyList<Compared>> CompareAsync(Book book, CancellationToken cancellation)
    {
        var compared = new ConcurrentBag<Compared>();
        await Parallel.ForEachAsync(
            book.Accounts,
            new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellation },
            async (account, stop) =>
                compared.Add(new(account, await BalanceAsync(account.Account, stop), await PublishedAsync(account.Account, stop))));
        return [.. compared.OrderBy(c => c.Book.Account, StringComparer.Ordinal)];
    }

    private async Task<Money?> BalanceAsync(string account, CancellationToken cancellation) =>
        await GetAsync($"/v1/accounts/{account}/balance", cancellation) is { } answer ? Money.Read(answer.GetProperty("balance")) : null;

    private async Task<Published> PublishedAsync(string account, CancellationToken cancellation) =>
        await GetAsync($"/v1/feed/completeness?account={account}", cancellation) is { } answer
            ? new(Number(answer, "first"), Number(answer, "last"), Number(answer, "events") ?? 0)
            : new(null, null, 0);

    private async Task<JsonElement?> GetAsync(string path, CancellationToken cancellation)
    {
        using var response = await http.GetAsync(path, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        response.EnsureSuccessStatusCode();
        return JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
    }

    private static long? Number(JsonElement answer, string name) =>
        answer.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number ? number.GetInt64() : null;
}
