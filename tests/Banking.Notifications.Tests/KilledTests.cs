using Banking.Testing;

namespace Banking.Notifications.Tests;

/// <summary>kill -9 between the bank's yes to a deposit and what is told of it.</summary>
public sealed class KilledTests
{
    private const int Deposits = 40;

    [Fact]
    public async Task Every_deposit_that_was_acknowledged_is_told_once_by_the_host_that_starts_next()
    {
        var folder = TestFolders.New("banking-told-");
        (string, string)[] settings = [("Banking__DataFolder", Path.Combine(folder.FullName, "data"))];
        string account;
        await using (var host = await HostProcess.ServeAsync(["--no-demo"], settings))
        {
            var teller = await host.TellerAsync();
            account = await teller.OpenAsync();
            (await teller.PostAsync("/v1/notification-subscriptions", new { account })).Created();
            for (var i = 0; i < Deposits; i++)
            {
                (await teller.DepositAsync(account, "1.00")).Created();
            }

            await host.KillAsync();
        }

        await using (var again = await HostProcess.ServeAsync(["--no-demo"], settings))
        {
            var teller = await again.TellerAsync();
            var told = await Eventually.UntilAsync(
                async () => (await teller.GetAsync($"/v1/notifications?account={account}&limit=500")).Ok().Items(),
                items => items.Count >= Deposits);

            Assert.Equal(Deposits, told.Select(n => n.GetProperty("eventId").GetString()).Distinct().Count());
            Assert.Equal(Deposits, told.Count);
        }

        folder.Delete(recursive: true);
    }
}
