using System.Net;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.ReadModels.Documents;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Operations.Tests.Archive;

/// <summary>The bank reads archived events as if they were in the log, and accepts exactly what the manifest names.</summary>
public sealed class ArchivedRowsTests(ArchivedBank bank) : IClassFixture<ArchivedBank>, IAsyncLifetime
{
    /// <summary>A change of the stream that the manifest does not name, and what takes it back.</summary>
    private static readonly (string Forge, string Undo)[] Forgeries =
    [
        (
            "update platform.archive_part set last_version = 1 where stream = '{0}'",
            "update platform.archive_part set last_version = (select version from bank.mt_streams where id = stream) where stream = '{0}'"),
        (
            "update platform.archive_part set stream = '{1}' where stream = '{0}'",
            "update platform.archive_part set stream = '{0}' where stream = '{1}'"),
        (
            "update bank.mt_events set data = '{{\"archive\": 99}}' where stream_id = '{0}' and version = 2",
            "update bank.mt_events set data = (select data from bank.mt_events where stream_id = '{0}' and version = 3) "
                + "where stream_id = '{0}' and version = 2"),
        (
            "update bank.mt_events set is_archived = true where stream_id = '{0}' and version = 1",
            "update bank.mt_events set is_archived = false where stream_id = '{0}' and version = 1"),
        (
            "create table bank.saved as select * from bank.mt_events where stream_id = '{0}' and version = 2; "
                + "delete from bank.mt_events where stream_id = '{0}' and version = 2",
            "insert into bank.mt_events select * from bank.saved; drop table bank.saved"),
    ];

    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");
    private IReadOnlyList<string> _accounts = [];

    public async ValueTask InitializeAsync() => _accounts = await bank.AddClosedAsync(accounts: 4, movements: 25, seed: 5);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Answers_are_the_same_after_the_rows_lost_their_data_and_say_which_events_are_archived()
    {
        var (paths, before) = (await PathsAsync(), new List<string>());
        foreach (var path in paths)
        {
            before.Add(ArchivedBank.Comparable(await bank.As("auditor").GetAsync(path)));
        }

        await bank.RemoveAsync(maxEvents: 30);

        foreach (var (path, answer) in paths.Zip(before))
        {
            Assert.Equal(path + answer, path + ArchivedBank.Comparable(await bank.As("auditor").GetAsync(path)));
        }

        var events = (await _teller.GetAsync($"/v1/accounts/{_accounts[0]}/events?limit=500")).Ok().Items();
        Assert.True(events[1].GetProperty("archived").GetBoolean());
        Assert.False(events[0].TryGetProperty("archived", out _));
        Assert.False(events[^1].TryGetProperty("archived", out _));
        var audited = (await bank.As("auditor").GetAsync($"/audit/events?account={_accounts[0]}&limit=500")).Ok().Items();
        Assert.Equal(events.Count(e => e.TryGetProperty("archived", out _)), audited.Count(e => e.TryGetProperty("archived", out _)));
    }

    [Fact]
    public async Task Commands_states_rebuilds_and_verify_read_through_the_archive()
    {
        var log = await EventsAsync();
        await bank.RemoveAsync(maxEvents: 30);
        await bank.ForgeAsync("delete from accounts.mt_doc_account");

        Assert.Equal((409, "account_closed"), StatusAndCode(await _teller.DepositAsync(_accounts[0], "1.00")));
        Assert.Equal("0.00", await _teller.BalanceAsync(_accounts[1]));
        (await _teller.DepositAsync(_accounts[^1], "1.00")).Created();
        foreach (var name in (string[])["entries", "ledger", "audit"])
        {
            (await _operator.PostAsync($"/ops/projections/{name}/rebuild", new { reasonCode = "drill", reason = "Through the archive" }))
                .Is(HttpStatusCode.Accepted);
            await Eventually.UntilAsync(
                async () => (await _operator.GetAsync($"/ops/projections/{name}/rebuild")).Ok().Text("state"), s => s != "building");
            Assert.Equal("serving", (await _operator.GetAsync($"/ops/projections/{name}/rebuild")).Ok().Text("state"));
        }

        using var daemon = await bank.Store.BuildProjectionDaemonAsync();
        foreach (var model in bank.Host.Services.GetRequiredService<DocumentModels>().All)
        {
            await daemon.RebuildProjectionAsync(model.Name, TestContext.Current.CancellationToken);
        }

        Assert.Equal(log, (await EventsAsync()).Take(log.Count));
        (await _operator.PostAsync("/ops/projections/entries/repair", new { reasonCode = "drill", reason = "States" })).Ok();
        Assert.Empty(await bank.DifferencesAsync());
    }

    [Fact]
    public async Task Verify_reports_each_row_without_data_and_each_gap_that_the_manifest_does_not_name()
    {
        var file = (await bank.RemoveAsync())[^1];
        Assert.Empty(await bank.DifferencesAsync());
        var stream = (await bank.QueryAsync<Guid>("select stream from platform.archive_part where file = $1 limit 1", file.Id))[0];
        foreach (var (forge, undo) in Forgeries)
        {
            await bank.ForgeAsync(string.Format(null, forge, stream, Guid.AllBitsSet));

            var differences = await bank.DifferencesAsync();
            Assert.True(
                differences.Any(d => d.StartsWith($"log event {stream}", StringComparison.Ordinal)
                    || d.StartsWith($"events  {stream}", StringComparison.Ordinal)),
                $"{forge} gives {string.Join("; ", differences)}");
            await bank.ForgeAsync(string.Format(null, undo, stream, Guid.AllBitsSet));
        }

    }

    [Fact]
    public async Task A_row_that_differs_from_the_file_keeps_its_data_and_stops_the_removal()
    {
        var file = (await bank.WriteAsync())[^1];
        var position = (await bank.QueryAsync<long>(
            "select seq_id from bank.mt_events e join platform.archive_part p on p.stream = e.stream_id and p.file = $1 "
                + "where e.type = 'accounts.money-deposited.v3' limit 1",
            file.Id))[0];
        await using var owner = await bank.OwnerAsync();
        foreach (var (forge, undo) in ((string, string)[])[
            (
                $"update bank.mt_events set data = jsonb_set(data, '{{amount,scale}}', '3') where seq_id = {position}",
                $"update bank.mt_events set data = jsonb_set(data, '{{amount,scale}}', '2') where seq_id = {position}"),
            (
                $"update bank.mt_events set seq_id = -seq_id where seq_id = {position}",
                $"update bank.mt_events set seq_id = -seq_id where seq_id = -{position}")])
        {
            await bank.ForgeAsync(forge);

            await Assert.ThrowsAsync<ArchiveDamagedException>(
                () => bank.Rows.RemoveAsync(owner, file, ArchivedBank.Action, CancellationToken.None));

            Assert.Equal([0L], await RemovedAsync(file));
            await bank.ForgeAsync(undo);
        }
    }

    [Fact]
    public async Task A_damaged_file_stops_the_removal_and_a_missing_one_is_reported_until_it_is_back()
    {
        var file = (await bank.WriteAsync())[^1];
        var path = Path.Combine(bank.Folder, file.Name);
        var whole = await File.ReadAllBytesAsync(path);
        await File.WriteAllBytesAsync(path, [.. whole[..^9], (byte)~whole[^9], .. whole[^8..]]);
        await using var owner = await bank.OwnerAsync();
        await Assert.ThrowsAsync<ArchiveDamagedException>(
            () => bank.Rows.RemoveAsync(owner, file, ArchivedBank.Action, CancellationToken.None));
        Assert.Equal([0L], await RemovedAsync(file));
        await File.WriteAllBytesAsync(path, whole);
        await bank.Rows.RemoveAsync(owner, file, ArchivedBank.Action, CancellationToken.None);
        var events = $"/v1/accounts/{_accounts[0]}/events";
        File.Delete(path);

        Assert.Equal((503, "archive_unavailable"), StatusAndCode(await _teller.GetAsync(events)));
        Assert.Equal("archive_unavailable", await ArchivedBank.FailedSimulationAsync(_teller, _accounts[0]));
        await File.WriteAllBytesAsync(path, whole);
        (await _teller.GetAsync(events)).Ok();
    }

    private static (int, string) StatusAndCode(Answer answer) => (answer.StatusCode, answer.Code);

    private Task<List<long>> RemovedAsync(ManifestFile file) => bank.QueryAsync<long>(
        "select count(*) from bank.mt_events where is_archived and data = jsonb_build_object('archive', $1)", file.Id);

    private async Task<IReadOnlyList<string>> PathsAsync()
    {
        var (account, other) = (_accounts[0], _accounts[1]);
        var transaction = (await _teller.GetAsync($"/v1/accounts/{account}/entries")).Ok().Items()[0].GetProperty("id").GetString();
        var at = Uri.EscapeDataString(bank.Clock.Now.AddDays(-1.2).ToString("O"));
        return
        [
            $"/v1/accounts/{account}",
            $"/v1/accounts/{account}/events?limit=500",
            $"/v1/accounts/{account}/entries?limit=500",
            $"/v1/accounts/{account}/changes?limit=500",
            $"/v1/accounts/{account}/balance?effectiveAt={at}&knownAt={at}",
            $"/v1/accounts/{other}/balance?effectiveAt={at}",
            $"/v1/accounts/{account}/figures",
            $"/v1/transactions/{transaction}",
            $"/audit/events?account={account}&limit=500",
            $"/audit/events?type=accounts.money-deposited.v3&limit=500",
        ];
    }

    private async Task<List<string>> EventsAsync()
    {
        var reader = bank.Host.Services.GetRequiredService<LogReader>();
        return
        [
            .. (await reader.ReadAsync(0, long.MaxValue, CancellationToken.None)).Events.Select(
                e => $"{e.Sequence} {e.Id} {e.Version} {e.EventTypeName} {bank.Store.Options.Serializer().ToJson(e.Data)}"),
        ];
    }
}

/// <summary>The host's role has no part in archiving.</summary>
public sealed class ArchiveRightsTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    [Theory]
    [InlineData("select platform.archive_remove(1, array[1]::bigint[], array[gen_random_uuid()], array['{}'])")]
    [InlineData("select platform.archive_restore(1, array[1]::bigint[], array[gen_random_uuid()], array['{}'])")]
    [InlineData("insert into platform.archive_part values (gen_random_uuid(), 1, 2, 1, 2, 'account', 1, '')")]
    [InlineData("insert into platform.archive_file values (2, 'x', 1, '', 1, 1, 2, '{}', '{}', now())")]
    [InlineData("delete from platform.archive_part")]
    [InlineData("update platform.archive_file set name = 'x'")]
    public async Task The_hosts_role_can_neither_remove_data_nor_change_the_manifest(string sql)
    {
        await using var command = bank.Database.CreateCommand(sql);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }
}
