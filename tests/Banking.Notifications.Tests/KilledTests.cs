using Banking.Testing;

namespace Banking.Notifications.Tests;

/// <summary>kill -9 between the answer to a deposit and its notification.</summary>
public sealed class KilledTests
{
    private const int Deposits = 40;

    [Fact]
    public async Task The_next_host_creates_one_notification_for_every_acknowledged_deposit()
    {
        var folder = TestFolders.New("banking-notified-");
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
            var notified = await Eventually.UntilAsync(
                async () => (await teller.GetAsync($"/v1/notifications?account={account}&limit=500")).Ok().Items(),
                items => items.Count >= Deposits);

            Assert.Equal(Deposits, notified.Select(n => n.GetProperty("eventId").GetString()).Distinct().Count());
            Assert.Equal(Deposits, notified.Count);
        }

        folder.Delete(recursive: true);
    }
}
