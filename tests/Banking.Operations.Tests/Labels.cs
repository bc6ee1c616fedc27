using Banking.ReadModels.Books;
using JasperFx.Events;
using Microsoft.Extensions.DependencyInjection;
using NpgsqlTypes;

namespace Banking.Operations.Tests;

/// <summary>A bank with the probe and the labels as additional read models.</summary>
public sealed class LabelledBank : ProbedBank
{
    protected override void Configure(IServiceCollection services)
    {
        services.AddSingleton<ReadModel, Labels>();
        base.Configure(services);
    }
}

/// <summary>A read model whose rows belong to no stream and have long keys.</summary>
internal sealed class Labels : ReadModel
{
    public override string Name => "labels";

    public override int Version => 1;

    public override string Schema => "labels";

    public override IReadOnlyList<ReadTable> Tables => [new("label", "label text not null, mark text not null", "label")];

    public override Task ProjectAsync(RowWriter rows, ReadTables tables, IReadOnlyList<IEvent> events, CancellationToken ct) =>
        rows.AddAsync(
            tables["label"],
            "label, mark",
            events,
            static (row, e) =>
            {
                // The beginning is the same for all events, and each character has as many bytes as a character can have.
                row.Write(string.Concat(Enumerable.Repeat("\U0001F4B6", 400)) + $"{e.Sequence:D9}", NpgsqlDbType.Text);
                row.Write("a", NpgsqlDbType.Text);
            },
            ct);
}
