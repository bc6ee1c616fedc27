using System.Security.Cryptography;
using System.Text;
using Banking.EventStore.Archive;
using ZstdSharp;

namespace Banking.Operations.Tests.Archive;

/// <summary>Archive files: what is in them, and that damage is found without the bank.</summary>
public sealed class ArchiveFileTests(ArchivedBank bank) : IClassFixture<ArchivedBank>, IAsyncLifetime
{
    private static readonly SemaphoreSlim Once = new(1, 1);

    public async ValueTask InitializeAsync()
    {
        await Once.WaitAsync();
        try
        {
            if (!File.Exists(Path.Combine(bank.Folder, "done")))
            {
                await bank.AddClosedAsync(accounts: 6, movements: 60, seed: 3);
                await bank.WriteAsync(maxEvents: 50);
                await File.WriteAllTextAsync(Path.Combine(bank.Folder, "done"), "");
            }
        }
        finally
        {
            Once.Release();
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task The_files_have_each_event_of_the_closed_accounts_once_with_all_its_columns()
    {
        var events = new List<(long Position, string Text)>();
        foreach (var path in Files())
        {
            var found = await CheckAsync(await File.ReadAllBytesAsync(path), e => events.Add((e.Position, Text(e))));
            Assert.Equal(found.Parts.Sum(p => p.LastVersion - p.FirstVersion + 1), found.Header.Events);
            Assert.Matches($"^events-[0-9]{{12}}-[0-9]{{12}}-{found.Sha256[..12]}-[0-9a-f]{{8}}[.]jsonl[.]zst$", Path.GetFileName(path));
        }

        var expected = await bank.QueryAsync<string>(
            """
            select concat_ws('|', e.seq_id, e.id, e.stream_id, s.type, e.version, e.type,
                to_char(e.timestamp at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.user_name, e.correlation_id,
                coalesce(e.causation_id, 'null'), e.tenant_id, coalesce(e.mt_dotnet_type, 'null'), e.data::text, e.headers::text)
            from bank.mt_events e join bank.mt_streams s on s.id = e.stream_id
            where s.id in (select stream_id from bank.mt_events where type = 'accounts.account-closed.v1') order by e.seq_id
            """);
        Assert.True(Files().Length > 1);
        Assert.Equal(expected, events.OrderBy(e => e.Position).Select(e => e.Text));
    }

    /// <summary>As docs/archive.md describes it: decompress the file, and use its lines.</summary>
    [Fact]
    public async Task A_file_is_lines_of_JSON_whose_first_line_counts_them_and_whose_last_line_has_their_hash()
    {
        await using var content = new DecompressionStream(File.OpenRead(Files()[0]));
        using var text = new StreamReader(content);
        var lines = (await text.ReadToEndAsync()).TrimEnd('\n').Split('\n');
        var (header, footer) = (System.Text.Json.JsonDocument.Parse(lines[0]).RootElement, System.Text.Json.JsonDocument.Parse(lines[^1]));

        Assert.Equal(lines.Length - 2, header.GetProperty("events").GetInt32());
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines[1..^1]) + "\n"))),
            footer.RootElement.GetProperty("sha256").GetString());
        var euros = Assert.Single(header.GetProperty("sums").EnumerateArray());
        Assert.Equal(
            lines[1..^1].Select(l => System.Text.Json.JsonDocument.Parse(l).RootElement.GetProperty("data"))
                .Where(d => d.TryGetProperty("amount", out _)).Sum(d => d.GetProperty("amount").GetProperty("minor").GetInt64()),
            euros.GetProperty("minor").GetInt64());
    }

    [Fact]
    public async Task A_changed_byte_or_a_cut_is_found_wherever_it_is()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        var whole = await File.ReadAllBytesAsync(Files()[0]);
        await CheckAsync(whole, _ => { });
        var name = Path.GetFileName(Files()[0]);
        for (var i = 0; i < 200; i++)
        {
            var damaged = i % 4 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            if (i % 4 != 0)
            {
                damaged[random.Next(whole.Length)] ^= (byte)(1 << random.Next(8));
            }

            // A bit of a frame's header may have no meaning: then the content is the same, and the hash of the file is not.
            CheckedArchive? found = null;
            try
            {
                found = await CheckAsync(damaged, _ => { });
            }
            catch (ArchiveDamagedException)
            {
            }

            Assert.True(
                found is null || found.Sha256 != Convert.ToHexStringLower(SHA256.HashData(whole)), $"seed {seed}, round {i}, {name}");
        }
    }

    [Fact]
    public async Task What_is_in_a_file_is_not_written_again()
    {
        var before = Files();

        await bank.WriteAsync();

        Assert.Equal(before, Files());
    }

    /// <summary>Another bank that shares the folder may have a file with the same name; neither loses its own.</summary>
    [Fact]
    public async Task A_file_with_a_name_that_is_taken_is_accepted_with_the_same_bytes_and_refused_with_others()
    {
        var (before, path) = (Directory.GetFileSystemEntries(bank.Folder), Files()[0]);
        var (name, bytes) = (Path.GetFileName(path), await File.ReadAllBytesAsync(path));

        await bank.Storage.WriteAsync(name, bytes, CancellationToken.None);
        await Assert.ThrowsAsync<ArchiveDamagedException>(
            () => bank.Storage.WriteAsync(name, bytes.AsMemory(0, bytes.Length - 1), CancellationToken.None));

        Assert.Equal(bytes, await File.ReadAllBytesAsync(path));
        Assert.Equal(before, Directory.GetFileSystemEntries(bank.Folder));
    }

    private string[] Files() => [.. Directory.GetFiles(bank.Folder, "*.zst").Order(StringComparer.Ordinal)];

    private static Task<CheckedArchive> CheckAsync(byte[] file, Action<ArchivedEvent> each) => ArchiveFileReader.CheckAsync(
        new MemoryStream(file),
        (e, _) =>
        {
            each(e);
            return ValueTask.CompletedTask;
        },
        CancellationToken.None);

    private static string Text(ArchivedEvent e) => string.Join(
        '|', e.Position, e.Id, e.Stream, e.StreamType, e.Version, e.Type, e.RecordedAt, e.Actor, e.Correlation, e.Causation ?? "null",
        e.Tenant, e.DotnetType ?? "null", Encoding.UTF8.GetString(e.Data.Span), Encoding.UTF8.GetString(e.Headers!.Value.Span));
}
