using Banking.EventStore.Archive;
using Banking.EventStore.Epochs;
using Banking.ReadModels.Archiving;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using ZstdSharp;

namespace Banking.Operations.Tests.Archive;

/// <summary>The bank uses nothing of an archive file that the manifest does not name, and says what is damaged.</summary>
public sealed class ArchiveDamageTests(ArchivedBank bank) : IClassFixture<ArchivedBank>, IAsyncLifetime
{
    private readonly BankClient _teller = bank.As("teller");
    private IReadOnlyList<string> _accounts = [];

    public async ValueTask InitializeAsync() => _accounts = await bank.AddClosedAsync(accounts: 3, movements: 15, seed: 17);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_block_with_another_amount_and_its_old_size_is_never_believed()
    {
        var file = (await bank.RemoveAsync())[^1];
        var path = Path.Combine(bank.Folder, file.Name);
        var whole = await File.ReadAllBytesAsync(path);
        await File.WriteAllBytesAsync(path, Forge(whole, file.Footer.Blocks[0]));

        await UnreadableAsync(_accounts[0]);
        await using var owner = await bank.OwnerAsync();
        await Assert.ThrowsAsync<ArchiveDamagedException>(
            () => bank.Rows.RestoreAsync(owner, file, ArchivedBank.Action, CancellationToken.None));

        await File.WriteAllBytesAsync(path, whole);
        await ReadableAsync(_accounts[0]);
    }

    [Fact]
    public async Task A_file_that_is_cut_off_is_damaged_and_not_unavailable_and_health_says_so()
    {
        var file = (await bank.RemoveAsync())[^1];
        var path = Path.Combine(bank.Folder, file.Name);
        var whole = await File.ReadAllBytesAsync(path);
        Assert.Equal(HealthStatus.Healthy, await HealthAsync());
        await File.WriteAllBytesAsync(path, whole[..(whole.Length / 2)]);

        await UnreadableAsync(_accounts[1]);
        Assert.Equal(HealthStatus.Degraded, await HealthAsync());
        File.Delete(path);
        Assert.Equal(HealthStatus.Degraded, await HealthAsync());

        await File.WriteAllBytesAsync(path, whole);
        await ReadableAsync(_accounts[1]);
        Assert.Equal(HealthStatus.Healthy, await HealthAsync());
    }

    [Fact]
    public async Task A_row_of_another_stream_or_version_than_the_event_of_its_file_is_unreadable()
    {
        var file = (await bank.RemoveAsync())[^1];
        var position = await ArchivedPositionAsync(file);
        var own = (await bank.QueryAsync<Guid>("select stream_id from bank.mt_events where seq_id = $1", position))[0];
        foreach (var (forge, undo) in ((string, string)[])[
            ("version = version + 1000", "version = version - 1000"),
            ("stream_id = gen_random_uuid()", $"stream_id = '{own}'")])
        {
            await bank.ForgeAsync($"update bank.mt_events set {forge} where seq_id = {position}");

            var audited = (await bank.As("auditor").GetAsync("/audit/events?limit=500")).Ok().Items();

            Assert.True(audited.Single(e => e.GetProperty("position").GetInt64() == position).GetProperty("unreadable").GetBoolean());
            await bank.ForgeAsync($"update bank.mt_events set {undo} where seq_id = {position}");
        }
    }

    [Fact]
    public async Task Check_compares_every_column_that_the_file_has()
    {
        var file = (await bank.RemoveAsync())[^1];
        var checks = bank.Host.Services.GetRequiredService<ArchiveChecks>();
        var position = await ArchivedPositionAsync(file);
        await using var owner = await bank.OwnerAsync();
        Assert.True((await checks.RunAsync(owner, file, ArchivedBank.Action, CancellationToken.None)).Succeeded);
        foreach (var column in (string[])["user_name", "correlation_id", "causation_id", "tenant_id", "mt_dotnet_type"])
        {
            var former = (await bank.QueryAsync<string>(
                $"select coalesce(quote_literal({column}), 'null') from bank.mt_events where seq_id = $1", position))[0];
            await bank.ForgeAsync($"update bank.mt_events set {column} = 'forged' where seq_id = {position}");

            var found = await checks.RunAsync(owner, file, ArchivedBank.Action, CancellationToken.None);

            Assert.Equal((column, $"The log has another event than the file at position {position}."), (column, found.Report));
            await bank.ForgeAsync($"update bank.mt_events set {column} = {former} where seq_id = {position}");
        }
    }

    /// <summary>As after a restore to an older state, after which another file got the number.</summary>
    [Fact]
    public async Task A_number_that_stands_for_another_file_after_a_new_epoch_is_looked_up_again()
    {
        var one = (await bank.RemoveAsync())[^1];
        _accounts = await bank.AddClosedAsync(accounts: 3, movements: 15, seed: 18);
        var other = (await bank.RemoveAsync())[^1];
        var archive = bank.Host.Services.GetRequiredService<ArchivedEvents>();
        archive.Find(one.Id, await KeyAsync(one));
        const string Columns = "bytes, sha256, events, first_position, last_position, header, footer";
        await bank.ForgeAsync(
            $"""
            create table platform.saved as select * from platform.archive_file where id = {one.Id};
            update platform.archive_file set name = 'other' where id = {other.Id};
            update platform.archive_file a set (name, {Columns}) = (select '{other.Name}', {Columns} from platform.archive_file b
                where b.id = {other.Id}) where a.id = {one.Id}
            """);
        var key = await KeyAsync(other);
        Assert.Throws<ArchiveDamagedException>(() => archive.Find(one.Id, key));

        await bank.Host.Services.GetRequiredService<LogEpochs>().CheckAsync(CancellationToken.None);

        Assert.Equal(key.Id, archive.Find(one.Id, key).Id);
        await bank.ForgeAsync(
            $"""
            update platform.archive_file a set (name, {Columns}) = (select name, {Columns} from platform.saved) where a.id = {one.Id};
            update platform.archive_file set name = '{other.Name}' where id = {other.Id};
            drop table platform.saved
            """);
        await bank.Host.Services.GetRequiredService<LogEpochs>().CheckAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_stream_that_lacks_an_event_is_named_and_left_out_and_the_others_are_archived()
    {
        var stream = (await bank.QueryAsync<Guid>(
            "select stream_id from bank.mt_events where type = 'accounts.account-closed.v1' order by seq_id desc limit 1"))[0];
        await bank.ForgeAsync(
            $"create table bank.lacking as select * from bank.mt_events where stream_id = '{stream}' and version = 2; "
                + $"delete from bank.mt_events where stream_id = '{stream}' and version = 2");
        var before = await PartsAsync();

        var refused = await Assert.ThrowsAsync<ArchiveDamagedException>(() => bank.WriteAsync());

        Assert.Equal(
            $"1 streams were left out, because they lack events: {stream} lacks version 2. Run verify.", refused.Message);
        Assert.Equal(before + 1, await PartsAsync());
        await bank.ForgeAsync("insert into bank.mt_events select * from bank.lacking; drop table bank.lacking");
        await bank.WriteAsync();
        Assert.Equal(before + 2, await PartsAsync());
    }

    [Fact]
    public async Task A_notification_of_an_archived_event_that_names_another_amount_is_a_difference()
    {
        var account = await _teller.OpenAsync();
        (await _teller.PostAsync("/v1/notification-subscriptions", new { account })).Created();
        (await _teller.DepositAsync(account, "7.13")).Created();
        (await _teller.WithdrawAsync(account, "7.13")).Created();
        await Eventually.UntilAsync(
            async () => (await _teller.GetAsync($"/v1/notifications?account={account}")).Ok().Items().Count, count => count == 2);
        (await _teller.PostAsync($"/v1/accounts/{account}/close", new { reasonCode = "wish", reason = "By letter" })).Ok();
        bank.Clock.Advance(TimeSpan.FromDays(1));
        await bank.CaughtUpAsync();
        await bank.DocumentsCurrentAsync();
        await bank.RemoveAsync();
        Assert.Empty(await bank.DifferencesAsync());
        const string Forged = "update notifications.notification set value = '{0}.13' where value = '{1}.13' and direction = 'credit'";
        await bank.ForgeAsync(string.Format(null, Forged, 8, 7));

        Assert.StartsWith("notifications notification", Assert.Single(await bank.DifferencesAsync()), StringComparison.Ordinal);

        await bank.ForgeAsync(string.Format(null, Forged, 7, 8));
    }

    [Fact]
    public async Task Each_block_is_read_once_if_the_cache_has_room_for_one_of_each_file()
    {
        var one = (await bank.RemoveAsync())[^1];
        _accounts = await bank.AddClosedAsync(accounts: 3, movements: 15, seed: 19);
        var other = (await bank.RemoveAsync())[^1];
        foreach (var (bytes, expected) in ((long, int)[])[(ArchiveBlockCache.DefaultMaxBytes, 2), (1, 6)])
        {
            var storage = new BreakingStorage(bank.Storage, bank.Owner);
            var archive = ActivatorUtilities.CreateInstance<ArchivedEvents>(bank.Host.Services, storage, new ArchiveBlockCache(bytes));
            for (var i = 0; i < 3; i++)
            {
                archive.Find(one.Id, await KeyAsync(one));
                archive.Find(other.Id, await KeyAsync(other));
            }

            Assert.Equal(expected, storage.Reads);
        }
    }

    [Fact]
    public async Task Readers_need_one_connection_for_queries_each_and_share_the_lookup_of_a_file_whose_failure_is_not_remembered()
    {
        var file = (await bank.RemoveAsync())[^1];
        await using var host = await bank.StartAnotherAsync();
        var at = Uri.EscapeDataString(bank.Clock.Now.AddDays(-1.2).ToString("O"));
        await using (await HeldConnections.AllButOneAsync(host))
        {
            var teller = BankFixture.On(host, "teller");
            var answers = await Task.WhenAll(
                Enumerable.Range(0, 20).Select(_ => teller.GetAsync($"/v1/accounts/{_accounts[0]}/balance?effectiveAt={at}&knownAt={at}")));
            Assert.All(answers, a => a.Ok());
            (await BankFixture.On(host, "auditor").GetAsync($"/audit/events?account={_accounts[0]}")).Ok();
        }

        var archive = ActivatorUtilities.CreateInstance<ArchivedEvents>(host.Services);
        var key = await KeyAsync(file);
        await using (var owner = await bank.OwnerAsync())
        {
            await using var transaction = await owner.BeginTransactionAsync();
            await using var locked = new NpgsqlCommand("lock table platform.archive_file in access exclusive mode", owner);
            await locked.ExecuteNonQueryAsync();
            var reader = Task.Run(() => archive.Find(file.Id, key));
            await Eventually.UntilAsync(
                () => bank.QueryAsync<bool>(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
                        + "and application_name = 'banking-archive' and wait_event_type = 'Lock'"),
                ended => ended.Count == 1);
            await Assert.ThrowsAsync<PostgresException>(() => reader);
        }

        Assert.Equal(key.Id, archive.Find(file.Id, key).Id);
    }

    private async Task<long> PartsAsync() => (await bank.QueryAsync<long>("select count(*) from platform.archive_part"))[0];

    private async Task UnreadableAsync(string account)
    {
        var events = await _teller.GetAsync($"/v1/accounts/{account}/events?limit=500");
        Assert.Equal((503, "event_unreadable"), (events.StatusCode, events.Code));
        var audited = (await bank.As("auditor").GetAsync($"/audit/events?account={account}&limit=500")).Ok().Items();
        Assert.All(audited, e => Assert.Equal(
            e.TryGetProperty("archived", out _),
            e.TryGetProperty("unreadable", out _) && e.GetProperty("data").ValueKind == System.Text.Json.JsonValueKind.Null));
        Assert.Contains(audited, e => e.TryGetProperty("unreadable", out _));
    }

    private async Task ReadableAsync(string account)
    {
        (await _teller.GetAsync($"/v1/accounts/{account}/events?limit=500")).Ok();
        var audited = (await bank.As("auditor").GetAsync($"/audit/events?account={account}&limit=500")).Ok().Items();
        Assert.DoesNotContain(audited, e => e.TryGetProperty("unreadable", out _));
    }

    private async Task<HealthStatus> HealthAsync() => (await ActivatorUtilities.CreateInstance<ArchiveHealth>(bank.Host.Services)
        .CheckHealthAsync(new(), CancellationToken.None)).Status;

    private async Task<long> ArchivedPositionAsync(ManifestFile file) => (await KeyAsync(file)).Position;

    private async Task<EventKey> KeyAsync(ManifestFile file)
    {
        await using var command = bank.Owner.CreateCommand(
            "select seq_id, id, stream_id, version, type from bank.mt_events "
                + "where is_archived and data = jsonb_build_object('archive', $1) order by seq_id desc limit 1");
        command.Parameters.Add(new() { Value = file.Id });
        await using var row = await command.ExecuteReaderAsync();
        Assert.True(await row.ReadAsync());
        return new(row.GetInt64(0), row.GetGuid(1), row.GetGuid(2), row.GetInt64(3), row.GetString(4));
    }

    /// <summary>Changes amounts in a block, and fills it with an empty frame up to its former size.</summary>
    private static byte[] Forge(byte[] file, ArchiveBlock block)
    {
        var offset = (int)block.Offset;
        using var decompressor = new Decompressor();
        var text = System.Text.Encoding.UTF8.GetString(decompressor.Unwrap(file.AsSpan(offset, block.Bytes)));
        var forged = text.Replace("\"minor\": 100000", "\"minor\": 900000", StringComparison.Ordinal);
        Assert.NotEqual(text, forged);
        using var compressor = new Compressor(19);
        var frame = compressor.Wrap(System.Text.Encoding.UTF8.GetBytes(forged)).ToArray();
        var rest = block.Bytes - frame.Length - 8;
        Assert.True(rest >= 0, $"{frame.Length} of {block.Bytes}");
        return
        [
            .. file[..offset], .. frame, .. BitConverter.GetBytes(0x184D2A50), .. BitConverter.GetBytes(rest), .. new byte[rest],
            .. file[(offset + block.Bytes)..],
        ];
    }
}
