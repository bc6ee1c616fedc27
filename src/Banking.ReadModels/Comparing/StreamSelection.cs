using System.Buffers.Binary;
using System.Globalization;
using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Selects streams by ids: a list, or all in a range, whether or not they exist. It uses the parameters $1 and $2 of a command.
/// </summary>
public sealed record StreamSelection
{
    private readonly Guid[]? _ids;
    private readonly Guid _after;
    private readonly Guid _upTo;

    private StreamSelection(Guid[]? ids, Guid after, Guid upTo) => (_ids, _after, _upTo) = (ids, after, upTo);

    /// <summary>The version after which events are selected; 0 for all of them.</summary>
    public long AfterVersion { get; private init; }

    public static StreamSelection Of(params Guid[] ids) => new(ids, Guid.Empty, Guid.Empty);

    /// <param name="after">Not included.</param>
    /// <param name="upTo">Included.</param>
    public static StreamSelection Between(Guid after, Guid upTo) => new(null, after, upTo);

    /// <summary>Selects the events of one stream after a version.</summary>
    public static StreamSelection EndOf(Guid id, long afterVersion) => new([id], Guid.Empty, Guid.Empty) { AfterVersion = afterVersion };

    /// <summary>Removes some streams. A range is split into the ranges between them, so that their data is not read.</summary>
    public IReadOnlyList<StreamSelection> Without(IReadOnlyCollection<Guid> streams)
    {
        if (streams.Count == 0)
        {
            return [this];
        }

        if (_ids is not null)
        {
            return [new([.. _ids.Except(streams)], Guid.Empty, Guid.Empty)];
        }

        var (parts, after) = (new List<StreamSelection>(), _after);
        foreach (var stream in streams.Where(s => s > _after && s <= _upTo).Order())
        {
            parts.Add(Between(after, Before(stream)));
            after = stream;
        }

        return [.. parts, Between(after, _upTo)];
    }

    /// <summary>Filters streams to those in this selection.</summary>
    public Guid[] Among(IEnumerable<Guid> streams) => [.. streams.Where(s => _ids?.Contains(s) ?? (s > _after && s <= _upTo))];

    /// <summary>The SQL condition that a column has a selected id.</summary>
    public string On(string column) => _ids is null ? $"({column} > $1 and {column} <= $2)" : $"({column} = any($1) and $2::uuid is null)";

    /// <summary>The SQL condition that an event belongs to the selection.</summary>
    public string OnEvents(string stream, string version) => AfterVersion == 0
        ? On(stream)
        : string.Create(CultureInfo.InvariantCulture, $"({On(stream)} and {version} > {AfterVersion})");

    private static Guid Before(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt128BigEndian(bytes, BinaryPrimitives.ReadUInt128BigEndian(bytes) - 1);
        return new(bytes, bigEndian: true);
    }

    /// <summary>Reads rows of a statement that has this selection as $1 and $2, and the other values from $3 on.</summary>
    public Task<IReadOnlyList<T>> ListAsync<T>(
        NpgsqlConnection snapshot, string sql, object?[] others, Func<NpgsqlDataReader, T> row, CancellationToken ct)
    {
        object?[] selected = _ids is null ? [_after, _upTo] : [_ids, NpgsqlDbType.Uuid.Of(null)];
        return snapshot.ListAsync(sql, [.. selected, .. others], row, ct, timeoutSeconds: 0);
    }
}
