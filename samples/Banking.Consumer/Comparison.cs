using System.Collections.Concurrent;
using System.Net;
using Banking.Client;

namespace Banking.Consumer;

/// <summary>The result of comparing an account of the book with the bank.</summary>
public enum Verdict
{
    /// <summary>No event is missing, and the balances are equal.</summary>
    Equal,

    /// <summary>No event is missing, but the balances differ.</summary>
    Differing,

    /// <summary>Published events of the account are missing, or wait for a missing one.</summary>
    Missing,

    /// <summary>No published event is missing, but the account is older than its first published event.</summary>
    Incomplete,
}

/// <summary>One account, in the book and in the bank.</summary>
/// <param name="Bank">The bank's balance. Null if the bank does not know the account.</param>
/// <param name="Published">The bank's own count of the published events of the account.</param>
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
/// The versions of the first and the last published event of an account, and their number. Without published events both are null.
/// </summary>
public sealed record Published(long? First, long? Last, long Events);

/// <summary>
/// Compares each account of a book with the bank's API. The result is reliable only while the bank books nothing, because a new booking may
/// be in one and not yet in the other.
/// </summary>
public sealed class Comparison(HttpClient http)
{
    private const int MaxParallelRequests = 8;

    private readonly BankClient _bank = new(http);

    /// <summary>Compares the accounts of the book, in the order of their ids.</summary>
    public async Task<IReadOnlyList<Compared>> CompareAsync(Book book, CancellationToken cancellation)
    {
        var compared = new ConcurrentBag<Compared>();
        await Parallel.ForEachAsync(
            book.Accounts,
            new ParallelOptions { MaxDegreeOfParallelism = MaxParallelRequests, CancellationToken = cancellation },
            async (account, stop) =>
                compared.Add(new(account, await ReadBalanceAsync(account.Account, stop), await ReadPublishedAsync(account.Account, stop))));
        return [.. compared.OrderBy(c => c.Book.Account, StringComparer.Ordinal)];
    }

    private async Task<Money?> ReadBalanceAsync(string account, CancellationToken cancellation) =>
        await FindAsync(() => _bank.GetBalanceAsync(account, cancellationToken: cancellation)) is { Balance: var balance }
            ? Money.Read(balance.Value, balance.Currency)
            : null;

    private async Task<Published> ReadPublishedAsync(string account, CancellationToken cancellation) =>
        await FindAsync(() => _bank.GetCompletenessAsync(account, cancellationToken: cancellation)) is { } found
            ? new(found.First, found.Last, found.Events)
            : new(null, null, 0);

    private static async Task<T?> FindAsync<T>(Func<Task<T>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (BankException refused) when (refused.StatusCode == (int)HttpStatusCode.NotFound)
        {
            return null;
        }
    }
}
