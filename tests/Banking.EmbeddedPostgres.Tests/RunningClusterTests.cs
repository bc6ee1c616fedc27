using System.Net.Sockets;
using Npgsql;

namespace Banking.EmbeddedPostgres.Tests;

public sealed class RunningClusterTests(ClusterFixture fixture)
{
    private readonly PostgresCluster cluster = fixture.Cluster;

    [Theory]
    [InlineData("timezone", "UTC")]
    [InlineData("log_timezone", "UTC")]
    [InlineData("fsync", "on")]
    [InlineData("synchronous_commit", "on")]
    [InlineData("full_page_writes", "on")]
    [InlineData("data_checksums", "on")]
    [InlineData("listen_addresses", "127.0.0.1")]
    [InlineData("unix_socket_directories", "")]
    [InlineData("server_encoding", "UTF8")]
    [InlineData("password_encryption", "scram-sha-256")]
    [InlineData("max_connections", "200")]
    [InlineData("shared_buffers", "256MB")]
    [InlineData("max_wal_size", "2GB")]
    [InlineData("checkpoint_timeout", "15min")]
    [InlineData("jit", "off")]
    [InlineData("work_mem", "5MB")]
    public async Task A_setting_has_its_documented_value(string name, string expected) =>
        Assert.Equal(expected, await Sql.ScalarAsync(cluster, "postgres", $"show {name}"));

    [Fact]
    public async Task A_parameter_with_quotes_and_backslashes_arrives_unchanged() =>
        Assert.Equal(
            @"it's a \ bank",
            await Sql.ScalarAsync(cluster, "postgres", "select reset_val from pg_settings where name = 'application_name'"));

    [Fact]
    public async Task Case_mapping_covers_more_than_ASCII_on_Linux()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the locale C.UTF-8 may be missing.");
        Assert.Equal("ångström", await Sql.ScalarAsync(cluster, "postgres", "select lower('ÅNGSTRÖM')"));
    }

    [Fact]
    public async Task A_cluster_reports_its_version_process_and_port()
    {
        var version = (string?)await Sql.ScalarAsync(cluster, "postgres", "show server_version");

        Assert.StartsWith(cluster.Version, version, StringComparison.Ordinal);
        Assert.Equal($"{cluster.Port}", await Sql.ScalarAsync(cluster, "postgres", "show port"));
        Assert.True(ServerProcesses.IsAlive(cluster.ProcessId));
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        var wrong = new NpgsqlConnectionStringBuilder(cluster.ConnectionString("postgres")) { Password = "wrong", Pooling = false };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync());

        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
    }

    [Fact]
    public async Task The_server_does_not_answer_on_other_addresses()
    {
        using var client = new TcpClient(AddressFamily.InterNetworkV6);
        await Assert.ThrowsAnyAsync<SocketException>(() => client.ConnectAsync("::1", cluster.Port));
    }

    [Fact]
    public void Only_the_owner_can_read_password_and_log()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        foreach (var file in new[] { cluster.Home.PasswordFile, cluster.Home.Log.File })
        {
            var mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
        }
    }

    [Fact]
    public async Task Ctrl_C_in_the_terminal_does_not_reach_the_server()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && cluster.Home.Launcher.SetSid is not null, "Needs setsid.");

        Assert.NotEqual(await SessionAsync("self"), await SessionAsync($"{cluster.ProcessId}"));

        // After the name in brackets: state, parent, process group, session.
        static async Task<string> SessionAsync(string process) =>
            (await File.ReadAllTextAsync($"/proc/{process}/stat")).Split(") ")[^1].Split(' ')[3];
    }
}
