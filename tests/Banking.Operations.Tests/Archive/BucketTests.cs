using Banking.EventStore.Archive;
using Banking.Testing;

namespace Banking.Operations.Tests.Archive;

/// <summary>A bank whose archive files are in a bucket of a real server that speaks S3.</summary>
public sealed class BucketBank : ArchivedBank, IAsyncLifetime
{
    private S3Server? _server;

    public bool HasServer => _server is not null;

    protected override string[] Place => _server is null
        ? base.Place
        :
        [
            "--Banking:Archive:Bucket", S3Server.Bucket, "--Banking:Archive:Prefix", "events/", "--Banking:Archive:Region", "us-east-1",
            "--Banking:Archive:Endpoint", _server.Address,
        ];

    public new async ValueTask InitializeAsync()
    {
        _server = await S3Server.StartAsync(Folder);
        // The names that the server knows. The client takes them from the environment, as an operator's would.
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "S3RVER");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "S3RVER");
        await base.InitializeAsync();
    }

    public new async ValueTask DisposeAsync()
    {
        _server?.Dispose();
        await base.DisposeAsync();
    }

    /// <summary>Ends the server.</summary>
    public void StopServer()
    {
        _server?.Dispose();
        _server = null;
    }
}

public sealed class BucketTests(BucketBank bank) : IClassFixture<BucketBank>
{
    [Fact]
    public async Task Files_in_a_bucket_are_written_read_restored_and_deleted_and_an_absent_server_is_said()
    {
        Assert.SkipUnless(bank.HasServer, "Node and npm are not installed: no server speaks S3.");
        var accounts = await bank.AddClosedAsync(accounts: 3, movements: 12, seed: 13);
        var log = await bank.LogAsync();
        var file = Assert.Single(await bank.RemoveAsync());
        var events = $"/v1/accounts/{accounts[0]}/events?limit=500";

        Assert.Contains((await bank.As("teller").GetAsync(events)).Ok().Items(), e => e.TryGetProperty("archived", out _));
        Assert.Empty(await bank.DifferencesAsync());
        Assert.Equal([file.Name], (await bank.Storage.ListAsync(CancellationToken.None)).Select(f => f.Name));
        await Assert.ThrowsAsync<ArchiveDamagedException>(
            () => bank.Storage.WriteAsync(file.Name, "other"u8.ToArray(), CancellationToken.None));
        Assert.Throws<EndOfStreamException>(() => bank.Storage.Read(file.Name, file.Bytes - 1, 2));
        Assert.Throws<EndOfStreamException>(() => bank.Storage.Read(file.Name, file.Bytes, 1));
        Assert.Throws<FileNotFoundException>(() => bank.Storage.Read("other", 0, 1));
        await Assert.ThrowsAsync<FileNotFoundException>(() => bank.Storage.OpenAsync("other", CancellationToken.None));
        await using (var owner = await bank.OwnerAsync())
        {
            await bank.Rows.RestoreAsync(owner, file, ArchivedBank.Action, CancellationToken.None);
            Assert.Equal(log, await bank.LogAsync());
            await bank.Rows.RemoveAsync(owner, file, ArchivedBank.Action, CancellationToken.None);
        }

        // Another host has nothing of the file in memory.
        await using var host = await bank.StartAnotherAsync();
        bank.StopServer();
        var away = await BankFixture.On(host, "teller").GetAsync(events);
        Assert.Equal((503, "archive_unavailable"), (away.StatusCode, away.Code));
    }
}
