using System.Globalization;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Npgsql;

namespace Banking.Accounts.Features;

/// <summary>Assigns account numbers, each once. The number of an opening that fails is not assigned again.</summary>
public sealed class AccountNumberSequence(NpgsqlDataSource source)
{
    /// <summary>XB, a country code that ISO 3166 reserves for private use: no number of this bank equals one of another bank.</summary>
    public const string Country = "XB";

    /// <summary>If more numbers in a row are taken, the sequence is behind the accounts: callers do not choose that many.</summary>
    internal const int MaxTaken = 100;

    internal const string Create = $"create sequence if not exists {Name}";

    private const string Name = AccountsModule.Schema + ".account_number_sequence";

    private const string Numbers = AccountsModule.Schema + ".mt_doc_account_number";

    public async Task<AccountNumber> NextAsync(CancellationToken ct) =>
        NumberOf(await source.ScalarAsync<long>($"select nextval('{Name}')", [], ct));

    /// <summary>
    /// Why no account can be opened without a number of its own, as a sentence; null if one can. A sequence that was not restored together
    /// with the accounts gives out their numbers again.
    /// </summary>
    public async Task<string?> FindProblemAsync(CancellationToken ct)
    {
        var last = await source.ScalarAsync<long>($"select last_value - case when is_called then 0 else 1 end from {Name}", [], ct);
        var next = Enumerable.Range(1, MaxTaken).Select(i => NumberOf(last + i).Value).ToArray();
        var taken = await source.ScalarAsync<long>($"select count(*) from {Numbers} where id = any($1)", [next], ct);
        return taken < MaxTaken
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"The sequence of account numbers is at {last}, and accounts have the next {MaxTaken} numbers, so openings without a "
                    + $"number are refused. A restore did not include the sequence. As the owner run select setval('{Name}', (select "
                    + $"max(substr(id, 9)::bigint) from {Numbers} where id ~ '^{Country}[0-9]{{2}}BANK[0-9]{{12}}$')), then verify.");
    }

    private static AccountNumber NumberOf(long next) =>
        AccountNumber.Create(Country, "BANK" + next.ToString("D12", CultureInfo.InvariantCulture));
}
