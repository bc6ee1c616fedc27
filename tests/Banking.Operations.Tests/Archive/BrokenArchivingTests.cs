using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.ReadModels.Archiving;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Operations.Tests.Archive;

/// <summary>Archiving whose session is ended at random moments: nothing is lost or doubled, and the next run continues.</summary>
public sealed class BrokenArchivingTests(ArchivedBank bank) : IClassFixture<ArchivedBank>
{
    private readonly BreakingStorage _storage = new(bank.Storage, bank.Owner);
    private readonly int _seed = Environment.TickCount;
    private Random _random = null!;
    private List<string> _events = [];
    private int _breaks;

    [Fact]
    public async Task However_often_the_session_ends_each_event_is_in_one_file_and_in_the_log_or_its_file()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_seed}");
        _random = new(_seed);
        await bank.AddClosedAsync(accounts: 6, movements: 80, seed: 7);
        _events = await EventsAsync();
        var log = await bank.LogAsync();
        var writing = ActivatorUtilities.CreateInstance<ArchiveWriting>(bank.Host.Services, _storage);
        var rows = ActivatorUtilities.CreateInstance<ArchiveRows>(bank.Host.Services, _storage);
        rows.BatchSize = 10;

        await UntilDoneAsync(30, owner => writing.RunAsync(
            owner, bank.Clock.Now, 60, ArchivedBank.Action, _ => { }, CancellationToken.None));

        var files = await ArchiveManifest.FilesAsync(bank.Owner, CancellationToken.None);
        Assert.True(files.Count > 1, $"seed {_seed}");
        Assert.Equal(
            [files.Sum(f => f.Header.Events)],
            await bank.QueryAsync<long>(
                "select count(distinct e.seq_id) from bank.mt_events e join platform.archive_part p on p.stream = e.stream_id "
                    + "and e.version between p.first_version and p.last_version"));
        Assert.Equal(log, await bank.LogAsync());
        await ForEachAsync(files, (owner, file) => rows.RemoveAsync(owner, file, ArchivedBank.Action, CancellationToken.None));
        Assert.NotEqual(log, await bank.LogAsync());
        Assert.Empty(await bank.DifferencesAsync());
        await ForEachAsync(files, (owner, file) => rows.RestoreAsync(owner, file, ArchivedBank.Action, CancellationToken.None));
        Assert.Equal(log, await bank.LogAsync());
        Assert.Empty(await bank.DifferencesAsync());
        Assert.True(_breaks > 3, $"Only {_breaks} runs were broken; seed {_seed}.");
    }

    private async Task ForEachAsync(IReadOnlyList<ManifestFile> files, Func<NpgsqlConnection, ManifestFile, Task> run)
    {
        foreach (var file in files)
        {
            await UntilDoneAsync(60, owner => run(owner, file));
        }
    }

    /// <summary>Repeats a run whose session ends at a random moment, until one ends before that.</summary>
    private async Task UntilDoneAsync(int maxSteps, Func<NpgsqlConnection, Task> run)
    {
        for (var broken = 0; ; broken++)
        {
            await using var owner = await bank.OwnerAsync();
            _storage.BreakAfter(broken > 4 ? int.MaxValue : _random.Next(maxSteps), owner);
            try
            {
                await run(owner);
                return;
            }
            catch (Exception failure) when (_storage.IsBroken && failure is NpgsqlException or InvalidOperationException)
            {
                _breaks++;
                NpgsqlConnection.ClearPool(owner);
            }

            Assert.Equal(_events, await EventsAsync());
            foreach (var state in await bank.Host.Services.GetRequiredService<ArchiveStates>().FilesAsync(CancellationToken.None))
            {
                Assert.Equal(
                    [state.RemovedRows],
                    await bank.QueryAsync<long>(
                        "select count(*) from bank.mt_events where is_archived and data = jsonb_build_object('archive', $1)",
                        state.File.Id));
            }
        }
    }

    private async Task<List<string>> EventsAsync()
    {
        var read = await bank.Host.Services.GetRequiredService<LogReader>().ReadAsync(0, long.MaxValue, CancellationToken.None);
        return
        [
            .. read.Events.Where(e => e.EventTypeName.StartsWith("accounts.", StringComparison.Ordinal)).Select(
                e => $"{e.Sequence} {e.Id} {e.Version} {e.EventTypeName} {bank.Store.Options.Serializer().ToJson(e.Data)}"),
        ];
    }
}
