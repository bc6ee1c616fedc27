using System.Globalization;
using Banking.Commands.Operators;
using Banking.EventStore.Archive;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Archiving;

/// <summary>Compares a file with the manifest and with the rows of the log, and records the result.</summary>
public sealed class ArchiveChecks(ArchiveRows rows, ArchiveLog log, TimeProvider clock)
{
    /// <summary>Rows of a batch that are not those of the file. A row without data has all other columns.</summary>
    private const string Differing =
        $"""
        select f.position from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            as f(position, id, stream, version, type, recorded_at, content, headers, stream_type, actor, correlation, causation, tenant,
                dotnet_type)
        left join {SchemaNames.Events}.mt_events e on e.seq_id = f.position
        left join {SchemaNames.Streams} s on s.id = e.stream_id
        where e.id is distinct from f.id or e.stream_id <> f.stream or e.version <> f.version or e.type <> f.type
            or e.timestamp <> f.recorded_at::timestamptz or e.headers is distinct from f.headers::jsonb
            or s.type is distinct from f.stream_type or e.user_name is distinct from f.actor
            or e.correlation_id is distinct from f.correlation or e.causation_id is distinct from f.causation
            or e.tenant_id is distinct from f.tenant or e.mt_dotnet_type is distinct from f.dotnet_type
            or e.data <> case when e.is_archived then jsonb_build_object('{ArchiveManifest.Marker}', $1::int) else f.content::jsonb end
        order by f.position limit 1
        """;

    public async Task<ArchiveChecked> RunAsync(
        NpgsqlConnection connection, ManifestFile file, OperatorAction action, CancellationToken ct)
    {
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
        foreach (var batch in rows.Batches(file))
        {
            if (await FindDifferingAsync(connection, file, batch, ct) is { } position)
            {
                return string.Create(CultureInfo.InvariantCulture, $"The log has another event than the file at position {position}.");
            }
        }

        return "";
    }

    private static Task<long?> FindDifferingAsync(
        NpgsqlConnection connection, ManifestFile file, ArchivedEvent[] batch, CancellationToken ct)
    {
        return connection.ScalarAsync<long?>(
            Differing,
            [
                file.Id, Of(e => e.Position), Of(e => e.Id), Of(e => e.Stream), Of(e => e.Version), Of(e => e.Type), Of(e => e.RecordedAt),
                Of(e => Text(e.Data)),
                Texts(e => e.Headers is { } headers ? Text(headers) : null), Texts(e => e.StreamType), Texts(e => e.Actor),
                Texts(e => e.Correlation), Texts(e => e.Causation), Texts(e => e.Tenant), Texts(e => e.DotnetType),
            ],
            ct,
            timeoutSeconds: 0);

        T[] Of<T>(Func<ArchivedEvent, T> value) => [.. batch.Select(value)];

        NpgsqlParameter Texts(Func<ArchivedEvent, string?> value) =>
            (NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Text).Of(Of(value));

        static string Text(ReadOnlyMemory<byte> json) => System.Text.Encoding.UTF8.GetString(json.Span);
    }
}
