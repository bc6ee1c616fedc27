using Banking.Platform.ReadModels;
using JasperFx.Events;
using NpgsqlTypes;

namespace Banking.Audit.ReadModels;

/// <summary>
/// What the log can be asked by: who, what kind, when, and what belongs together. It holds places in the log and no facts: an answer
/// shows the event itself, so there is no second audit table that could disagree with it.
/// </summary>
public sealed class AuditModel : ReadModel
{
    public const string ModelName = "audit";
    public const string Index = "event_index";

    public override string Name => ModelName;

    public override int Version => 2;

    public override string Schema => AuditModule.Schema;

    public override IReadOnlyList<ReadTable> Tables { get; } =
    [
        new(Index,
            "position bigint not null, stream uuid not null, type text collate \"C\" not null, actor text collate \"C\" not null, " +
            "correlation text collate \"C\" not null, recorded_at timestamptz not null",
            "position")
        {
            // Each in the order of a page, which begins anywhere in it: who, what kind, what belongs together, and when. Of texts their
            // hashes, which are a third as long and are compared as numbers: of all that a transfer writes, these indexes were the largest
            // part.
            Indexes =
            [
                $"({Hash("actor")}, recorded_at, position)",
                $"({Hash("type")}, recorded_at, position)",
                $"({Hash("correlation")}, recorded_at, position)",
                "(recorded_at, position)",
            ],
            StreamColumn = "stream",
            RecordedColumn = "recorded_at",
        },
    ];

    /// <summary>What a text is looked up by; the text itself is then compared too.</summary>
    public static string Hash(string text) => $"hashtextextended({text}, 0)";

    public override Task ProjectAsync(RowWriter rows, ReadTables tables, IReadOnlyList<IEvent> events, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(tables);
        return rows.AddAsync(
            tables[Index], "position, stream, type, actor, correlation, recorded_at", events,
            (row, e) =>
            {
                row.Write(e.Sequence, NpgsqlDbType.Bigint);
                row.Write(e.StreamId, NpgsqlDbType.Uuid);
                row.Write(e.EventTypeName, NpgsqlDbType.Text);
                row.Write(e.UserName ?? "", NpgsqlDbType.Text);
                row.Write(e.CorrelationId ?? "", NpgsqlDbType.Text);
                row.Write(e.Timestamp.UtcDateTime, NpgsqlDbType.TimestampTz);
            },
            ct);
    }
}
