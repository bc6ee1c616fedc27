using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Groups;
using Banking.EventStore.Archive;
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
        var (differences, after) = (new List<Difference>(), Guid.Empty);
        while (true)
        {
            var streams = await source.ListAsync(Streams, [AccountStatements.StreamType, after, PageSize], row => row.GetGuid(0), ct);
            foreach (var stream in streams)
            {
                await CompareStreamAsync(stream, differences, ct);
                if (differences.Count == MaxDifferences)
                {
                    return differences;
                }
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
        Account? account = null;
        try
        {
            await foreach (var page in log.ReadStreamAsync(stream, long.MaxValue, ct))
            {
                foreach (var issued in page.OfType<IEvent<StatementIssued>>())
                {
                    if (await FaultAsync(issued) is { } fault)
                    {
                        differences.Add(Difference(issued, fault));
                        if (differences.Count == MaxDifferences)
                        {
                            return;
                        }
                    }
                }
            }
        }
        catch (UnreadableEventException failure)
        {
            differences.Add(new(Name, Table, stream, null, $"Cannot compare: {failure.Message}"));
        }

        // Why the statement cannot be rendered; null if it can.
        async Task<string?> FaultAsync(IEvent<StatementIssued> issued)
        {
            try
            {
                // The statements of a stream have one account, unless one was forged.
                account = account?.Id == issued.Data.Account ? account : await accounts.FindAsync(issued.Data.Account, ct);
                if (account is null)
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
    }

    private Difference Difference(IEvent<StatementIssued> issued, string fault)
    {
        var e = issued.Data;
        var statement = StatementId.Format(e.Statement);
        var expected = new { statement, account = AccountId.Format(e.Account), e.From, e.To, e.Number, e.ContentHash };
        return new(Name, Table, issued.StreamId, Text(expected), Text(new { statement, fault }), e.Statement);
    }
}
