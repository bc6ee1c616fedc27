using System.Text.Json;
using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Web.Commands;

/// <summary>A stored answer.</summary>
public sealed record KeptAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>A key that was used before.</summary>
/// <param name="Answer">Null while its request runs, if its host ended meanwhile, and for a batch.</param>
public sealed record UsedKey(string Fingerprint, KeptAnswer? Answer);

/// <summary>Stores the keys of <see cref="RequestKeys"/> in the database, because a repeat may reach another host.</summary>
public sealed class RequestKeyStore(NpgsqlDataSource source)
{
    private const string Table = SchemaNames.Platform + ".request_key";

    internal const string Create =
        $"create table if not exists {Table} (id uuid primary key, fingerprint text not null, "
        + "claimed_at timestamptz not null default clock_timestamp(), status smallint, headers jsonb, body text)";

    /// <summary>Claims the key. Null if it was free; otherwise its earlier use.</summary>
    public async Task<UsedKey?> ClaimAsync(Guid id, string fingerprint, CancellationToken ct)
    {
        while (true)
        {
            await using (
                var claim = Command($"insert into {Table} (id, fingerprint) values ($1, $2) on conflict (id) do nothing", id, fingerprint))
            {
                if (await claim.ExecuteNonQueryAsync(ct) == 1)
                {
                    return null;
                }
            }

            await using var find = Command($"select fingerprint, status, headers, body from {Table} where id = $1", id);
            await using var reader = await find.ExecuteReaderAsync(ct);
            if (await reader.ReadAsync(ct))
            {
                var answer = await reader.IsDBNullAsync(1, ct) ? null : new KeptAnswer(
                    reader.GetInt16(1), JsonSerializer.Deserialize<Dictionary<string, string>>(reader.GetString(2))!, reader.GetString(3));
                return new(reader.GetString(0), answer);
            }
        }
    }

    public async Task KeepAsync(Guid id, KeptAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        await using var command = Command(
            $"update {Table} set status = $2, headers = $3, body = $4 where id = $1",
            id,
            (short)answer.Status,
            JsonSerializer.Serialize(answer.Headers),
            answer.Body);
        command.Parameters[2].NpgsqlDbType = NpgsqlDbType.Jsonb;
        await command.ExecuteNonQueryAsync();
    }

    public async Task ReleaseAsync(Guid id)
    {
        await using var command = Command($"delete from {Table} where id = $1", id);
        await command.ExecuteNonQueryAsync();
    }

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = source.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return command;
    }
}
