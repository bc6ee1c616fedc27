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
            if (await source.ExecuteAsync(
                $"insert into {Table} (id, fingerprint) values ($1, $2) on conflict (id) do nothing", [id, fingerprint], ct) == 1)
            {
                return null;
            }

            if (await source.ListAsync($"select fingerprint, status, headers, body from {Table} where id = $1", [id], Read, ct)
                is [var used])
            {
                return used;
            }
        }
    }

    public Task KeepAsync(Guid id, KeptAnswer answer)
    {
        return source.ExecuteAsync(
            $"update {Table} set status = $2, headers = $3, body = $4 where id = $1",
            [id, (short)answer.Status, NpgsqlDbType.Jsonb.Of(JsonSerializer.Serialize(answer.Headers)), answer.Body],
            CancellationToken.None);
    }

    public Task ReleaseAsync(Guid id) =>
        source.ExecuteAsync($"delete from {Table} where id = $1", [id], CancellationToken.None);

    private static UsedKey Read(NpgsqlDataReader row) => new(
        row.GetString(0),
        row.IsDBNull(1)
            ? null
            : new KeptAnswer(row.GetInt16(1), JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(2))!, row.GetString(3)));
}
