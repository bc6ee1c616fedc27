using System.Text.RegularExpressions;
using Banking.Commands.Operators;
using Banking.EventStore.Archive;
using Banking.EventStore.Callers;
using Banking.ReadModels.Archiving;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Operations.Tests.Archive;

/// <summary>A bank with closed accounts and a folder for archive files.</summary>
public partial class ArchivedBank : BankFixture, IAsyncLifetime
{
    private readonly DirectoryInfo _folder = TestFolders.New("banking-archive-");

    public string Folder => _folder.FullName;

    internal ArchiveRows Rows => Host.Services.GetRequiredService<ArchiveRows>();

    internal IArchiveStorage Storage => Host.Services.GetRequiredService<IArchiveStorage>();

    protected override string[] Settings => [.. base.Settings, .. Place, "--Banking:BackdatingDays", "60"];

    /// <summary>The settings of the place of the files.</summary>
    protected virtual string[] Place => ["--Banking:Archive:Folder", Folder];

    internal static OperatorAction Action => new(new("cli:test", Roles.Operator, null, "cli"), "archive", "archive-test", "test", "test");

    /// <summary>Opens accounts with random movements between them, and closes all but the last.</summary>
    /// <returns>The accounts; the last one is open.</returns>
    internal async Task<IReadOnlyList<string>> AddClosedAsync(int accounts, int movements, int seed)
    {
        var (random, teller) = (new Random(seed), As("teller"));
        var all = new List<string>();
        for (var i = 0; i < accounts; i++)
        {
            all.Add(await teller.OpenAsync(balance: "1000.00"));
        }

        for (var i = 0; i < movements; i++)
        {
            var (one, other) = (all[random.Next(all.Count)], all[random.Next(all.Count)]);
            (one == other
                ? await teller.DepositAsync(one, $"{1 + random.Next(50)}.10")
                : await teller.TransferAsync(one, other, $"0.{1 + random.Next(99):D2}")).Created();
            Clock.Advance(TimeSpan.FromMinutes(random.Next(0, 30)));
        }

        foreach (var account in all.SkipLast(1))
        {
            (await teller.WithdrawAsync(account, await teller.BalanceAsync(account))).Created();
            (await teller.PostAsync($"/v1/accounts/{account}/close", new { reasonCode = "wish", reason = "By letter" })).Ok();
        }

        Clock.Advance(TimeSpan.FromDays(1));
        await this.CaughtUpAsync();
        await this.DocumentsCurrentAsync();
        await PublishersCurrentAsync();
        return all;
    }

    /// <summary>Waits until every publisher has all events so far: nothing after the last one is archived.</summary>
    private async Task PublishersCurrentAsync()
    {
        var publishers = Host.Services.GetServices<LogFollower>().Single(f => f.Name.Contains("publisher", StringComparison.Ordinal));
        var end = (await this.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        await Eventually.UntilAsync(async () => (await this.QueryAsync<long>(publishers.Sql))[0], position => position >= end);
    }

    internal async Task<NpgsqlConnection> OwnerAsync() => await Owner.OpenConnectionAsync();

    /// <summary>Writes everything that may be archived.</summary>
    /// <returns>The files of the manifest.</returns>
    internal async Task<IReadOnlyList<ManifestFile>> WriteAsync(int maxEvents = ArchiveWriting.DefaultMaxEvents)
    {
        await using var owner = await OwnerAsync();
        await Host.Services.GetRequiredService<ArchiveWriting>().RunAsync(
            owner, Clock.Now, maxEvents, Action, _ => { }, CancellationToken.None);
        return await ArchiveManifest.FilesAsync(owner, CancellationToken.None);
    }

    /// <summary>Writes everything that may be archived, and removes the data from the rows.</summary>
    internal async Task<IReadOnlyList<ManifestFile>> RemoveAsync(int maxEvents = ArchiveWriting.DefaultMaxEvents)
    {
        var files = await WriteAsync(maxEvents);
        await using var owner = await OwnerAsync();
        foreach (var file in files)
        {
            var (rows, refused) = await Rows.RemoveAsync(owner, file, Action, CancellationToken.None);
            Assert.Null(refused);
            Assert.True(rows > 0, file.Name);
        }

        return files;
    }

    internal async Task<IReadOnlyList<string>> DifferencesAsync()
    {
        await this.CaughtUpAsync();
        await this.DocumentsCurrentAsync();
        var result = await Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None);
        return [.. result.Differences.Select(d => $"{d.Model} {d.Table} {d.Stream} {d.Expected} {d.Found}")];
    }

    /// <summary>The code of the problem with which a simulation of an account ends.</summary>
    internal static async Task<string> FailedSimulationAsync(BankClient teller, string account)
    {
        var started = await teller.PostAsync("/v1/simulations", new { accounts = new[] { account } });
        Assert.True(started.StatusCode == 202, started.Body);
        var ended = await Eventually.UntilAsync(
            async () => (await teller.GetAsync(started.Header("Location")!)).Ok(), a => a.Text("state") is not "running");
        return $"{(ended.Text("state") == "failed" ? ended.Text("problem", "code") : ended.Body)}";
    }

    /// <summary>All columns of all events of accounts, as text.</summary>
    internal Task<List<string>> LogAsync() => this.QueryAsync<string>(
        "select e::text from bank.mt_events e join bank.mt_streams s on s.id = e.stream_id where s.type = 'account' order by e.seq_id");

    /// <summary>The body of an answer without the marks of archived events, and without the time of the last request.</summary>
    internal static string Comparable(Answer answer) => Varying().Replace(answer.Ok().Body, "");

    [GeneratedRegex("\"archived\":true,|\"lastSeen\":\"[^\"]*\"")]
    private static partial Regex Varying();

    public new async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }
}
