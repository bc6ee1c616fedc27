using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Operations.Tests;

/// <summary>A read model with switchable bugs: it throws at deposits of one amount, or writes rows that its table refuses.</summary>
internal sealed class Probe : ReadModel
{
    public const long Poison = 1313;

    public bool Throws { get; set; }

    /// <summary>Whether it writes a row that its table refuses.</summary>
    public bool Refused { get; set; }

    /// <summary>The mark in each row; another version writes another mark.</summary>
    public string Mark { get; set; } = "a";

    public int Number { get; set; } = 1;

    /// <summary>Whether its table has a further column; a version with another table must have another number.</summary>
    public bool HasTypes { get; set; }

    public override string Name => "probe";

    public override int Version => Number;

    public override string Schema => "probe";

    public override IReadOnlyList<ReadTable> Tables =>
    [
        new(
            "seen",
            "position bigint not null, stream uuid not null, mark text not null check (mark <> 'refused')"
                + (HasTypes ? ", type text not null" : ""),
            "position")
        {
            StreamColumn = "stream",
        },
    ];

    public override Task ProjectAsync(RowWriter rows, ReadTables tables, IReadOnlyList<IEvent> events, CancellationToken ct)
    {
        foreach (var e in events)
        {
            if (Throws && IsPoison(e))
            {
                throw new UnreadableEventException(e, new InvalidOperationException("a planted bug"));
            }
        }

        return rows.AddAsync(tables["seen"], "position, stream, mark" + (HasTypes ? ", type" : ""), events, Write, ct);
    }

    private void Write(NpgsqlBinaryImporter row, IEvent e)
    {
        row.Write(e.Sequence, NpgsqlDbType.Bigint);
        row.Write(e.StreamId, NpgsqlDbType.Uuid);
        row.Write(Refused && IsPoison(e) ? "refused" : Mark, NpgsqlDbType.Text);
        if (HasTypes)
        {
            row.Write(e.EventTypeName, NpgsqlDbType.Text);
        }
    }

    private static bool IsPoison(IEvent e) => e.Data is MoneyDeposited { Amount.Minor: Poison };
}
