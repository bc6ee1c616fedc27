using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Notifications.Tests;

/// <summary>
/// The database is restored under a running host, to a state with a message that this host had not handled at that time.
/// </summary>
public sealed class RestoredMessageTests : SubscribedBank
{
    [Fact]
    public async Task A_message_that_the_restored_state_has_not_handled_is_handled_by_the_host_that_runs_on()
    {
        var (account, subscription) = await SubscribedAsync();
        DatabaseBackup backup;
        await using (var held = await HeldLock.OfStreamAsync(ConnectionString, "sub", subscription))
        {
            (await Teller.PostAsync($"/v1/accounts/{account}/close", new { reasonCode = "wish", reason = "A wish." })).Ok();
            await held.UntilWaitedForAsync();
            backup = await DatabaseBackup.TakeAsync(ConnectionString);
        }

        await UntilCancelledAsync(subscription);
        await UntilHandledAsync();

        await backup.RestoreAsync();

        await Eventually.UntilAsync(() => ScalarAsync<long>("select count(*) from platform.log_epoch"), epochs => epochs == 2);
        await UntilCancelledAsync(subscription);
        await UntilHandledAsync();
    }

    private Task<long> UntilCancelledAsync(string subscription) => PublicId.TryParse("sub", subscription, out var id)
        ? Eventually.UntilAsync(() => ScalarAsync<long>($"select version from bank.mt_streams where id = '{id}'"), version => version == 2)
        : throw new FormatException(subscription);
}
