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

    public override int Version => 1;

    public override string Schema => AuditModule.Schema;

    public override IReadOnlyList<ReadTable> Tables { get; } =
    [
        new(Index,
            "position bigint not null, stream uuid not null, type text not null, actor text not null, correlation text not null, recorded_at timestamptz not null",
            "position")
        {
            Indexes = ["(actor, position)", "(type, position)", "(correlation, position)", "(recorded_at)"],
            StreamColumn = "stream",
        },
    ];

    public override IReadOnlyList<RowWrite> Project(ReadTables tables, IReadOnlyList<IEvent> events)
    {
        ArgumentNullException.ThrowIfNull(tables);
        return
        [
            new RowWrite($"insert into {tables[Index]} (position, stream, type, actor, correlation, recorded_at) select * from unnest($1, $2, $3, $4, $5, $6)")
                .Column(events, NpgsqlDbType.Bigint, e => e.Sequence)
                .Column(events, NpgsqlDbType.Uuid, e => e.StreamId)
                .Column(events, NpgsqlDbType.Text, e => e.EventTypeName)
                .Column(events, NpgsqlDbType.Text, e => e.UserName ?? "")
                .Column(events, NpgsqlDbType.Text, e => e.CorrelationId ?? "")
                .Column(events, NpgsqlDbType.TimestampTz, e => e.Timestamp),
        ];
    }
}
