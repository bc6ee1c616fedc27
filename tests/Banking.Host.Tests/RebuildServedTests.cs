using System.Globalization;
using Banking.Testing.Histories;

namespace Banking.Host.Tests;

/// <summary>Read models are made anew by a second process while a host serves and is paid into.</summary>
public sealed class RebuildServedTests
{
    private const int Callers = 2;

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task Deposits_go_on_while_all_is_made_anew_and_each_is_in_what_serves_then(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        await using var host = await bank.ServeAsync();
        var teller = await host.TellerAsync();
        var accounts = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => teller.OpenAsync()));
        var (before, paid, done) = (0, 0, false);

        var callers = accounts.Select(async account =>
        {
            while (!Volatile.Read(ref done))
            {
                (await teller.DepositAsync(account, "0.01")).Created();
                Interlocked.Increment(ref paid);
            }
        }).ToList();
        (int ExitCode, string Output, string Error) rebuilt;
        try
        {
            rebuilt = await bank.RunAsync("projections", "rebuild", "all", "--reason", "in the middle of the day");
            before = Volatile.Read(ref paid);
        }
        finally
        {
            Volatile.Write(ref done, true);
            await Task.WhenAll(callers);
        }

        Assert.True(rebuilt.ExitCode == 0, rebuilt.Output + rebuilt.Error + host.Output);
        Assert.True(before > 100, "Hardly anything was paid in meanwhile: nothing was tested.");
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
