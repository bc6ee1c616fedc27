using Banking.ReadModels.Books;
using JasperFx.Events;
using NpgsqlTypes;

namespace Banking.Audit.ReadModels;

/// <summary>
/// An index of the log by actor, type, time and correlation. It holds positions and no event data: an answer shows the event itself, so
/// there is no second audit table that could disagree with the log.
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
            // Each index has the order of a page, which can begin anywhere in it. Texts are indexed by their hashes, which are a third as
            // long and are compared as numbers: with whole texts, these indexes were the largest part of what a transfer writes.
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

    /// <summary>The SQL hash that a text is indexed by. A query must compare the text too.</summary>
    public static string Hash(string text) => $"hashtextextended({text}, 0)";

    public override Task ProjectAsync(RowWriter rows, ReadTables tables, IReadOnlyList<IEvent> events, CancellationToken ct)
    {
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
