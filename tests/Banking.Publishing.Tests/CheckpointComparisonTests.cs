using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>A checkpoint that the log does not reach is reported: its destination would silently miss the next events.</summary>
public sealed class CheckpointComparisonTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task A_checkpoint_beyond_the_end_of_the_log_is_a_difference()
    {
        await bank.As("teller").OpenAsync(balance: "1.00");
        // Neither is configured, so that no host moves them.
        await bank.ExecuteAsync(
            "insert into publishing.publisher (name, kind, position, start_position, updated_at) select name, 'kafka', position, 0, now() "
                + "from (select max(seq_id) as position, 'at-the-end' as name from bank.mt_events union all "
                + "select max(seq_id) + 1000, 'beyond' from bank.mt_events) p");

        var verification = bank.Host.Services.GetRequiredService<Verification>();
        var verified = await verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None);

        var difference = Assert.Single(verified.Differences);
        Assert.Equal(("publishers", "publisher", "beyond"), (difference.Model, difference.Table, difference.Key));
    }
}
