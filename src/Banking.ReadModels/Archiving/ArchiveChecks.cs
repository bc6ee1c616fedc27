using System.Globalization;
using Banking.Commands.Operators;
using Banking.EventStore.Archive;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Archiving;

/// <summary>Compares a file with the manifest and with the rows of the log, and records the result.</summary>
public sealed class ArchiveChecks(IArchiveStorage storage, ArchiveRows rows, ArchiveLog log, TimeProvider clock)
{
    /// <summary>Rows of a batch that are not those of the file. A row without data has all other columns.</summary>
    private const string Differing =
        $"""
        select f.position from unnest($2, $3, $4, $5, $6, $7, $8, $9)
            as f(position, id, stream, version, type, recorded_at, content, headers)
        left join {SchemaNames.Events}.mt_events e on e.seq_id = f.position
        where e.id is distinct from f.id or e.stream_id <> f.stream or e.version <> f.version or e.type <> f.type
            or e.timestamp <> f.recorded_at::timestamptz or e.headers is distinct from f.headers::jsonb
            or e.data <> case when e.is_archived then jsonb_build_object('{ArchiveManifest.Marker}', $1::int) else f.content::jsonb end
        order by f.position limit 1
        """;

    private const int BatchSize = 2_000;

    public async Task<ArchiveChecked> RunAsync(
        NpgsqlConnection connection, ManifestFile file, OperatorAction action, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(file);
        string report;
        try
        {
            await rows.CheckAsync(connection, file, ct);
            report = await CompareAsync(connection, file, ct);
        }
        catch (Exception failure) when (failure is ArchiveDamagedException or IOException)
        {
            report = failure.Message;
        }

        var found = new ArchiveChecked(file.Name, report.Length == 0, report, clock.GetUtcNow());
        await log.RecordAsync(connection, file.Name, found, action, ct);
        return found;
    }

    private async Task<string> CompareAsync(NpgsqlConnection connection, ManifestFile file, CancellationToken ct)
    {
        var (batch, differing) = (new List<ArchivedEvent>(BatchSize), (long?)null);
        await using var stored = await storage.OpenAsync(file.Name, ct);
        await ArchiveFileReader.CheckAsync(
            stored,
            async (e, _) =>
            {
                batch.Add(e);
                if (batch.Count == BatchSize)
                {
                    differing ??= await FindDifferingAsync(connection, file, batch, ct);
                    batch.Clear();
                }
            },
            ct);
        differing ??= batch.Count == 0 ? null : await FindDifferingAsync(connection, file, batch, ct);
        return differing is { } position
            ? string.Create(CultureInfo.InvariantCulture, $"The log has another event than the file at position {position}.")
            : "";
    }

    private static Task<long?> FindDifferingAsync(
        NpgsqlConnection connection, ManifestFile file, List<ArchivedEvent> batch, CancellationToken ct)
    {
        return connection.ScalarAsync<long?>(
            Differing,
            [
                file.Id, Of(e => e.Position), Of(e => e.Id), Of(e => e.Stream), Of(e => e.Version), Of(e => e.Type), Of(e => e.RecordedAt),
                Of(e => Text(e.Data)),
                (NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Text).Of(
                    Of(e => e.Headers is { } headers ? Text(headers) : null)),
            ],
            ct,
            timeoutSeconds: 0);

        T[] Of<T>(Func<ArchivedEvent, T> value) => [.. batch.Select(value)];

        static string Text(ReadOnlyMemory<byte> json) => System.Text.Encoding.UTF8.GetString(json.Span);
    }
}
