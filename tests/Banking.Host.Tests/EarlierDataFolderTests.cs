using Banking.EmbeddedPostgres;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>Data folders of earlier versions, in which the host was the superuser and owned all tables.</summary>
public sealed class EarlierDataFolderTests : IDisposable
{
    private const string Owners =
        """
        select distinct n.nspname || '.' || c.relname || ' ' || pg_get_userbyid(c.relowner) from pg_class c join pg_namespace n on
            n.oid = c.relnamespace
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p', 'v', 'S')
        """;

    private readonly DirectoryInfo _folder = TestFolders.New("banking-earlier-");

    private string Data => Path.Combine(_folder.FullName, "data");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task They_are_taken_over_by_the_two_roles_with_all_that_is_in_them()
    {
        string account;
        await using (var cluster = await StartClusterAsync())
        {
            await cluster.EnsureDatabaseAsync("banking", TestContext.Current.CancellationToken);
            var superuser = cluster.ConnectionString("banking");
            await using (
                var host = await HostProcess.ServeAsync(
                    ["--no-demo"], ("ConnectionStrings__banking", superuser), ("ConnectionStrings__owner", superuser)))
            {
                account = await (await host.TellerAsync()).OpenAsync(balance: "5.00");
                Assert.Contains("owns the tables of the log", host.Output, StringComparison.Ordinal);
            }

            await QueryAsync(
                superuser,
                "drop function bank.refuse_change cascade; drop table platform.schema_part; create schema scratch_old; create table "
                    + "scratch_old.entry (id int)"
            );
        }

        await using (var host = await HostProcess.ServeAsync(["--no-demo"], ("Banking__DataFolder", Data)))
        {
            var teller = await host.TellerAsync();
            Assert.Equal(201, (await teller.DepositAsync(account, "6.00")).StatusCode);
            Assert.Equal("11.00", await teller.BalanceAsync(account));
        }

        var (exitCode, output, error) = await HostProcess.RunAsync(
            ["projections", "rebuild", "all", "--reason", "test"], ("Banking__DataFolder", Data));
        Assert.True(exitCode == 0, output + error);
        (exitCode, output, error) = await HostProcess.RunAsync(
            ["projections", "replay", "entries", "--into", "scratch_old"], ("Banking__DataFolder", Data));
        Assert.True(exitCode == 0, output + error);

        await using var later = await StartClusterAsync();
        var owners = await QueryAsync(later.ConnectionString("banking"), Owners);
        Assert.DoesNotContain(owners, o => o.EndsWith(" bank", StringComparison.Ordinal));
        Assert.Contains("bank.mt_events banking_owner", owners);
        Assert.Contains("wolverine.wolverine_dead_letters banking_owner", owners);
        Assert.Contains("accounts.entry_g2 banking_host", owners);
        Assert.Contains("accounts.entry banking_host", owners);
        Assert.Contains("scratch_old.entry banking_host", owners);
    }

    private Task<PostgresCluster> StartClusterAsync() =>
        PostgresCluster.StartAsync(new() { DataFolder = Path.Combine(Data, "postgres") }, ct: TestContext.Current.CancellationToken);

    private static async Task<List<string>> QueryAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }
}
