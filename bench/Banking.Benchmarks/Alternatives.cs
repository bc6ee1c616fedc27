using Banking.Benchmarks.Documented;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// The references on the same stack: one transaction per command, the same through partitioned queues, and a dynamic consistency boundary.
/// Each has its own host and database, so that it does not slow down the next.
/// </summary>
internal sealed class Alternatives(Options options, PostgresCluster cluster, RunResults results)
{
    /// <summary>Alternatives that run only when named, because together they take as long as all other scenarios.</summary>
    public static IReadOnlyList<string> OnlyNamed { get; } =
    ["documented-hot", "partitioned-queues", "partitioned-queues-hot", "dcb", "dcb-hot"];

    /// <summary>In these scenarios the caller gets conflicts, as documented. They count as errors.</summary>
    public static bool MayConflict(string name) => name == "documented" || OnlyNamed.Contains(name);

    public async Task RunAsync(long balance)
    {
        foreach (var mode in (string[])["documented", "partitioned-queues", "dcb"])
        {
            var (uniform, hot) = (Includes(mode), Includes(mode + "-hot"));
            if (uniform || hot)
            {
                await RunAsync(mode, uniform, hot, balance);
            }
        }
    }

    private bool Includes(string name) => options.Only.Count == 0 ? !OnlyNamed.Contains(name) : options.Only.Contains(name);

    private async Task RunAsync(string mode, bool uniform, bool hot, long balance)
    {
        await using var source = await cluster.CreateSourceAsync(mode, pool: 10);
        using var host = await BankUnderTest.StartAsync(
            "Banking.Benchmarks.dll", ["documented-host", mode, cluster.ConnectionString(mode), "{address}"], "", "/nowhere");
        using (var open = await RawHttp.ConnectAsync(host.Address, mode == "dcb" ? "/dcb/accounts" : "/documented/accounts", null))
        {
            if (await open.PostAsync("open", $$"""{"count":{{options.Accounts}},"balance":{{balance}}}""") is var status and not 200)
            {
                throw new InvalidOperationException($"{mode} failed to open accounts: {status}");
            }
        }

        // Autovacuum does the same in an older database. Without statistics the boundary query scans all events.
        await using (var analyze = source.CreateCommand("analyze"))
        {
            await analyze.ExecuteNonQueryAsync();
        }

        foreach (var callers in uniform ? options.SelectCallers(16, 64, 256) : [])
        {
            await RunAsync(mode, mode, callers, Picks.Uniform(options.Accounts), host, source, balance);
        }

        if (hot)
        {
            await RunAsync(mode, mode + "-hot", 64, Picks.HotPayer(options.Accounts), host, source, balance);
        }
    }

    private async Task RunAsync(
        string mode,
        string name,
        int callers,
        Func<int, long, (int From, int To)> pick,
        BankUnderTest host,
        NpgsqlDataSource source,
        long balance)
    {
        var connections = await host.ConnectAsync(callers, $"/{mode}/transfers");
        async Task<Counted> Send(int caller, long i)
        {
            var (from, to) = pick(caller, i);
            var (id, payer, payee) = (Guid.CreateVersion7(), TransferEndpoint.IdOf(from), TransferEndpoint.IdOf(to));
            var status = await connections[caller].PostAsync(
                "-", $$"""{"transferId":"{{id}}","from":"{{payer}}","to":"{{payee}}","amount":1}""");
            return status == 200 ? new(1, 0, 0)
                : status == 422 ? new(0, 1, 0)
                : new(0, 0, 1);
        }

        await Load.ClosedAsync(callers, options.WarmUp, Send);
        var before = await Figures.ReadAsync(source);
        var measured = await Load.ClosedAsync(callers, TimeSpan.FromSeconds(options.Seconds), Send);
        await results.AddAsync(name, callers, "closed", measured, before, source, ConservedAsync(mode, source, options.Accounts * balance));
        Array.ForEach(connections, c => c.Dispose());
    }

    /// <summary>
    /// Checks the sum of all money in the log and in the states, that no account is overdrawn, and that no stream (or, with tags, no
    /// account) lacks an event.
    /// </summary>
    private static async Task<bool> ConservedAsync(string mode, NpgsqlDataSource source, long total)
    {
        await using var command = source.CreateCommand(mode == "dcb" ? ByTags : ByStreams);
        command.CommandTimeout = 300;
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return reader.GetDecimal(0) == total && reader.GetDecimal(1) == total && reader.GetInt64(2) == 0;
    }

    // A failed append leaves a tombstone in a stream of Marten. It is not an event of an account.
    private const string ByStreams =
        """
        select (select sum((data ->> 'Balance')::bigint) from documented.mt_doc_wallet),
            (select sum(case type when 'wallet_opened' then (data ->> 'Balance')::bigint
                when 'wallet_credited' then (data ->> 'Amount')::bigint
                when 'wallet_debited' then -(data ->> 'Amount')::bigint end) from documented.mt_events),
            (select count(*) from documented.mt_streams s join documented.mt_doc_wallet w on w.id = s.id
                where (w.data ->> 'Balance')::bigint < 0
                    or s.version <> (select count(*) from documented.mt_events e where e.stream_id = s.id))
        """;

    // One event moves money on both accounts, so only a tag can be lost, and with it the event of one account.
    private const string ByTags =
        """
        with entry as (
            select t.value as account, case when e.type = 'account_funded' then (e.data ->> 'Balance')::bigint
                when (e.data ->> 'From')::uuid = t.value then -(e.data ->> 'Amount')::bigint
                else (e.data ->> 'Amount')::bigint end as amount
            from documented.mt_event_tag_account t join documented.mt_events e using (seq_id))
        select (select sum(amount) from entry),
            (select sum((data ->> 'Balance')::bigint) from documented.mt_events where type = 'account_funded'),
            (select count(*) from (select 1 from entry group by account having sum(amount) < 0) overdrawn)
                + abs((select count(*) from entry)
                    - (select sum(case type when 'account_funded' then 1 when 'money_moved' then 2 else 0 end)
                        from documented.mt_events))::bigint
        """;
}
