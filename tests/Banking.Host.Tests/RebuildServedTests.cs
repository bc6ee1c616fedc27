using System.Globalization;
using Banking.Testing.Histories;

namespace Banking.Host.Tests;

/// <summary>A second process rebuilds the read models while a host serves deposits.</summary>
public sealed class RebuildServedTests
{
    private const int Callers = 2;

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task Deposits_continue_while_all_is_rebuilt_and_each_is_in_the_active_version_then(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        await using var host = await bank.ServeAsync();
        var teller = await host.TellerAsync();
        var accounts = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => teller.OpenAsync()));
        var (paidDuringRebuild, paid, isDone) = (0, 0, false);

        var callers = accounts.Select(async account =>
        {
            while (!Volatile.Read(ref isDone))
            {
                (await teller.DepositAsync(account, "0.01")).Created();
                Interlocked.Increment(ref paid);
            }
        }).ToList();
        (int ExitCode, string Output, string Error) rebuild;
        try
        {
            rebuild = await bank.RunAsync("projections", "rebuild", "all", "--reason", "in the middle of the day");
            paidDuringRebuild = Volatile.Read(ref paid);
        }
        finally
        {
            Volatile.Write(ref isDone, true);
            await Task.WhenAll(callers);
        }

        Assert.True(rebuild.ExitCode == 0, rebuild.Output + rebuild.Error + host.Output);
        Assert.True(paidDuringRebuild > 100, "Too few deposits during the rebuild: this run tested nothing.");
        Assert.Equal(
            ["audit|2", "entries|2", "ledger|2"],
            await bank.RowsAsync("select name, generation from platform.read_model where state = 'serving' order by 1"));
        await bank.VerifyAsync();
        var balances = await Task.WhenAll(accounts.Select(teller.BalanceAsync));
        Assert.Equal(paid * 0.01m, balances.Sum(b => decimal.Parse(b, CultureInfo.InvariantCulture)));
        Assert.Equal($"{paid}", await bank.RowAsync($"select count(*) from accounts.entry where movement and position > {bank.Events}"));
        Assert.Equal($"{paid}", await bank.RowAsync($"select sum(credit) from ledger.journal where position > {bank.Events}"));
    }
}
