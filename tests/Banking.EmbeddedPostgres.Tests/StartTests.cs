namespace Banking.EmbeddedPostgres.Tests;

public sealed class StartTests(ClusterFixture fixture)
{
    [Fact]
    public async Task Data_is_kept_between_runs_and_the_server_ends_with_each()
    {
        using var folder = await fixture.CopyAsync();
        int first;
        await using (var cluster = await folder.StartAsync())
        {
            first = cluster.ProcessId;
            await Sql.ExecuteAsync(cluster, "postgres", "create table kept as select 1 as n");
        }

        Assert.False(ServerProcesses.IsAlive(first));
        await using var again = await folder.StartAsync();
        Assert.Equal(1, await Sql.ScalarAsync(again, "postgres", "select n from kept"));
    }

    [Fact]
    public async Task A_configured_port_is_used_at_the_next_start()
    {
        using var folder = await fixture.CopyAsync();
        int port;
        await using (var cluster = await folder.StartAsync())
        {
            port = cluster.Port;
        }

        await using var again = await folder.StartAsync(settings => settings with { Port = port });
        Assert.Equal(port, again.Port);
        Assert.Equal($"{port}", await Sql.ScalarAsync(again, "postgres", "show port"));
    }

    [Fact]
    public async Task Fresh_wipes_the_data()
    {
        using var folder = await fixture.CopyAsync();
        await using (var cluster = await folder.StartAsync())
        {
            await cluster.EnsureDatabaseAsync("old");
        }

        await using var fresh = await folder.StartAsync(settings => settings with { Fresh = true });
        Assert.Equal(0L, await Sql.ScalarAsync(fresh, "postgres", "select count(*) from pg_database where datname = 'old'"));
    }

    [Fact]
    public async Task A_second_host_on_the_folder_is_refused_even_if_it_wants_a_fresh_one()
    {
        using var folder = await fixture.CopyAsync();
        await using var cluster = await folder.StartAsync();

        var message = await folder.RefusalAsync(settings => settings with { Fresh = true });

        Assert.Contains(folder.Data, message, StringComparison.Ordinal);
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", message, StringComparison.Ordinal);
        Assert.Equal(1, await Sql.ScalarAsync(cluster, "postgres", "select 1"));
    }

    [Fact]
    public async Task Exactly_one_of_many_concurrent_hosts_gets_the_folder()
    {
        using var folder = new TestFolder();

        var attempts = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            try
            {
                return await folder.StartAsync();
            }
            catch (PostgresUnavailableException)
            {
                return null;
            }
        })));

        await using var winner = Assert.Single(attempts, attempt => attempt is not null);
        Assert.Equal(1, await Sql.ScalarAsync(winner!, "postgres", "select 1"));
    }

    [Fact]
    public async Task A_link_to_the_folder_is_the_same_folder()
    {
        using var folder = await fixture.CopyAsync();
        await using var cluster = await folder.StartAsync();
        var link = Path.Combine(folder.Sub("elsewhere"), "link");
        Directory.CreateSymbolicLink(link, folder.Data);

        Assert.Contains("in use", await folder.RefusalAsync(settings => settings with { DataFolder = link }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_replaces_an_incomplete_cluster_left_by_a_crash_during_initdb()
    {
        using var folder = new TestFolder();
        File.WriteAllText(Path.Combine(folder.Sub("postgres/data.new"), "PG_VERSION"), "15");
        File.WriteAllText(Path.Combine(folder.Data, "password.new"), "old");

        await using var cluster = await folder.StartAsync();

        Assert.Equal(1, await Sql.ScalarAsync(cluster, "postgres", "select 1"));
    }

    [Fact]
    public async Task A_cancelled_start_leaves_nothing_behind()
    {
        using var folder = new TestFolder();
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => PostgresCluster.StartAsync(folder.Settings, _ => cancel.Cancel(), cancel.Token));

        await using var cluster = await folder.StartAsync();
        Assert.Equal(1, await Sql.ScalarAsync(cluster, "postgres", "select 1"));
    }

    [Theory]
    [InlineData("listen_addresses")]
    [InlineData("port")]
    [InlineData("work_mem = 1\nfsync")]
    public async Task A_reserved_or_malformed_parameter_is_refused(string name)
    {
        using var folder = new TestFolder();
        await Assert.ThrowsAsync<ArgumentException>(
            () => folder.StartAsync(settings => settings with { Parameters = new Dictionary<string, string> { [name] = "*" } }));
    }
}
