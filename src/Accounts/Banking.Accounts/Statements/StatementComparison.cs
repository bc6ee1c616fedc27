using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Groups;
using Banking.EventStore.Archive;
using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.Statements;

/// <summary>
/// Reads each issued statement as its rendering does, and compares the content with the hash that it was issued with. A statement whose
/// events a rule has deleted with their archive file is not compared.
/// </summary>
internal sealed class StatementComparison(
    StatementReader statements, AccountReader reader, StateReader<Account> accounts, LogReader log, NpgsqlDataSource source)
    : StoredComparison
{
    public const string Table = "statement";

    /// <summary>Number of ids of streams in memory at once. Of each stream one page of events is.</summary>
    private const int PageSize = 1_000;

    private const string Streams = $"select id from {SchemaNames.Streams} where type = $1 and id > $2 order by id limit $3";

    public override string Name => "issued-statements";

    public override async Task<IReadOnlyList<Difference>> InDepthAsync(CancellationToken ct)
    {
        var differences = new List<Difference>();
        var after = Guid.Empty;
        while (true)
        {
            var streams = await source.ListAsync(Streams, [AccountStatements.StreamType, after, PageSize], row => row.GetGuid(0), ct);
            foreach (var stream in streams)
            {
                await CompareStreamAsync(stream, differences, ct);
            }

            if (streams.Count < PageSize)
            {
                return differences;
            }

            after = streams[^1];
        }
    }

    private async Task CompareStreamAsync(Guid stream, List<Difference> differences, CancellationToken ct)
    {
        try
        {
            await foreach (var page in log.ReadStreamAsync(stream, long.MaxValue, ct))
            {
                foreach (var issued in page.OfType<IEvent<StatementIssued>>())
                {
                    if (await FaultAsync(issued, ct) is { } fault)
                    {
                        differences.Add(Difference(issued, fault));
                    }
                }
            }
        }
        catch (UnreadableEventException failure)
        {
            differences.Add(new(Name, Table, stream, null, $"Cannot compare: {failure.Message}"));
        }
    }

    /// <summary>Returns why the statement cannot be rendered; null if it can.</summary>
    private async Task<string?> FaultAsync(IEvent<StatementIssued> issued, CancellationToken ct)
    {
        try
        {
            if (await accounts.FindAsync(issued.Data.Account, ct) is not { } account)
            {
                return "there is no such account";
            }

            var superseded = issued.Data.Supersedes is { } earlier ? await reader.EventAsync<StatementIssued>(earlier, ct) : null;
            return await statements.IsAsIssuedAsync(account, issued, superseded?.Data, ct) ? null : "its entries give another content";
        }
        catch (UnreadableEventException failure)
        {
            return failure.InnerException is ArchiveDeletedException ? null : failure.Message;
        }
    }

    private Difference Difference(IEvent<StatementIssued> issued, string fault)
    {
        var e = issued.Data;
        var statement = StatementId.Format(e.Statement);
        var expected = new { statement, account = AccountId.Format(e.Account), e.From, e.To, e.Number, e.ContentHash };
        return new(
            Name, Table, issued.StreamId, JsonSerializer.Serialize(expected, ApiJson.Options),
            JsonSerializer.Serialize(new { statement, fault }, ApiJson.Options), e.Statement);
    }
}
