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

    internal const string Create = $"create sequence if not exists {AccountsModule.Schema}.account_number_sequence";

    public async Task<AccountNumber> NextAsync(CancellationToken ct)
    {
        var next = await source.ScalarAsync<long>($"select nextval('{AccountsModule.Schema}.account_number_sequence')", [], ct);
        return AccountNumber.Create(Country, "BANK" + next.ToString("D12", CultureInfo.InvariantCulture));
    }
}
