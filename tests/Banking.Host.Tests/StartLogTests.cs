using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>What a host logs when it starts, for readers who see the log and not the terminal.</summary>
public sealed class StartLogTests
{
    [Fact]
    public async Task The_log_has_a_line_for_the_start_with_the_names_of_settings_the_migration_and_each_leadership()
    {
        var database = await TestCluster.NewDatabaseAsync();
        await using (var host = await HostProcess.ServeAsync(
            ["--no-demo", "--Banking:Publishing:Source=/not-for-the-log"], ("ConnectionStrings__banking", database)))
        {
            string[] lines =
            [
                "starts in Development. Settings: ", "Banking:Publishing:Source", "The schema was migrated.",
                "This host leads publishing", "This host leads read-models", "This host leads sentinel", "This host leads projections",
            ];

            var output = await Eventually.UntilAsync(
                () => host.Output, output => lines.All(line => output.Contains(line, StringComparison.Ordinal)));

            Assert.DoesNotContain("/not-for-the-log", output, StringComparison.Ordinal);
        }

        await TestCluster.DropAsync(database);
    }
}
