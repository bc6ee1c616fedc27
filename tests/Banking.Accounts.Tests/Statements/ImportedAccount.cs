using Banking.Accounts.Contracts;
using Banking.Commands.Imports;
using Banking.EventStore.Appending;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests.Statements;

/// <summary>An account of another bank with one deposit, which can be imported again.</summary>
internal sealed record ImportedAccount(BankFixture Bank, AccountHistory History)
{
    public string Id => PublicId.Format("acc", History.AccountId);

    public static async Task<ImportedAccount> NewAsync(BankFixture bank, StatementFrequency frequency)
    {
        Assert.True(PublicId.TryParse("cus", await bank.As("teller").RegisterAsync(), out var owner));
        var (id, opened, euro) = (Ids.Next(bank.Clock), bank.Clock.Now.AddYears(-3), Currency.Parse("EUR"));
        var number = AccountNumber.Create("XB", "OLD" + id.ToString("N", null)[^18..].ToUpperInvariant());
        return new(bank, new(
            id, number, $"{id:N}", owner, [], euro, "current", opened,
            new("test", "accounts", 1, $"{id:N}"),
            [
                new(Ids.Next(bank.Clock), Direction.Credit, new(100_00, euro), opened.AddDays(1), BankSide.Cash, new(),
                    new("test", "rows", 1, $"{id:N}"), null),
            ],
            frequency));
    }

    public ImportedAccount With(StatementFrequency frequency) => this with { History = History with { Statements = frequency } };

    public Task<ImportResult> ImportAsync() => AccountsModule.ImportAsync(
        new(Bank.Store, Bank.Database, Bank.Clock, new([], new())), "test", [History], _ => { }, TestContext.Current.CancellationToken);

    /// <summary>What differs between the bank and the files; null if nothing does.</summary>
    public async Task<string?> DifferenceAsync() => (await AccountsModule.FirstDifferenceAsync(
        Bank.Host.Services.GetRequiredService<HistoryComparison>(), [History], TestContext.Current.CancellationToken))?.What;
}
