using System.Globalization;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Measures statements by schedule at the end of a month: each account has ten movements in the month, and all statements are due at once.
/// Other accounts have theirs issued before, as a warm-up.
/// </summary>
internal sealed class ScheduledStatements(Options options, PostgresCluster cluster, RunResults results)
{
    public const string Name = "statements-scheduled";

    private const string Operation = "accounts.issue-scheduled-statement.v1";
    private const int Callers = 32;
    private const int Movements = 10;

    /// <summary>
    /// The schedules ask for the present month, and the bank's clock cannot be set from outside. So their rows of the due table are changed
    /// to ask for the month before, which has ended.
    /// </summary>
    private const string MakeDue =
        $$"""
        update platform.due d set id = gen_random_uuid(), due_at = m.month::timestamp at time zone 'UTC' + interval '10 s',
            command = (d.command::jsonb || jsonb_build_object('from', (m.month - interval '1 month')::date, 'to', m.month))::text
        from (select id, (command::jsonb ->> 'from')::date as month from platform.due where operation = '{{Operation}}') m
        where m.id = d.id and d.due_at > now() and (d.command::jsonb ->> 'account')::uuid = any($1)
        """;

    /// <summary>Commands that are tried a second time have failed once: there is no need to wait longer.</summary>
    private const string IsWaiting =
        $"select exists (select from platform.due where operation = '{Operation}' and due_at <= now() and attempts < 2)";

    /// <summary>The rate is that of the statements after the first instant, until the last instant.</summary>
    private const string Issued =
        """
        with issued as (
            select data ->> 'account' as account, data, timestamp as at from bank.mt_events
            where type = 'accounts.statement-issued.v1' and (data ->> 'account')::uuid = any($1)),
        complete as (
            select account from issued group by 1
            having count(*) = 1 and bool_and(data ->> 'from' = $2 and data ->> 'to' = $3 and (data ->> 'entries')::int = $4))
        select (select count(*) from complete), count(*) filter (where at > first), extract(epoch from max(at) - first)::float8,
            extract(epoch from max(at) - $5)::float8, extract(epoch from percentile_disc(0.5) within group (order by at) - $5)::float8
        from issued cross join (select min(at) as first from issued) f group by first
        """;

    private static readonly DateOnly Today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

    private readonly DateOnly _to = new(Today.Year, Today.Month, 1);

    private DateOnly From => _to.AddMonths(-1);

    public async Task RunAsync()
    {
        await using var source = await cluster.CreateSourceAsync("scheduled", pool: 10);
        using var bank = await BankUnderTest.OursAsync(cluster.ConnectionString("scheduled"), "--Banking:BackdatingDays=3650");
        var accounts = await bank.OpenAsync(
            options.Trial ? 40 : 4_000, "1.00", new(From.AddDays(-1), TimeOnly.MinValue, TimeSpan.Zero));
        await ManyDeposits.BookAsync(
            bank, accounts.Length * Movements,
            i => (accounts[i % accounts.Length], $"{From.AddDays(2 * (i / accounts.Length)):yyyy-MM-dd}T12:00:00Z"));
        await SetSchedulesAsync(bank, accounts);
        await ReadSide.WaitForReadModelsAsync(source);
        var ids = accounts.Select(a => Guid.ParseExact(a["acc_".Length..], "N")).ToArray();
        await IssueAsync(source, ids[..(ids.Length / 2)]);
        var measured = await new Profile(source, results).MeasureAsync(
            options.Profile, () => IssueAsync(source, ids[(ids.Length / 2)..]));
        results.Add(Row.From(Name, 1, "once", measured));
        await results.PrintAsync(
            $"{Name,-18} {ids.Length / 2} accounts {measured.Accepted / measured.Seconds:N0}/s  errors {measured.Errors}  ",
            $"after the due time: p50 {measured.P50Ms:0} ms  max {measured.MaxMs:0} ms");
    }

    private static async Task SetSchedulesAsync(BankUnderTest bank, string[] accounts)
    {
        using var teller = await bank.ClientAsync("teller");
        await Parallel.ForEachAsync(accounts, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (account, ct) =>
        {
            using var answer = await teller.PostAsJsonAsync(
                $"/v1/accounts/{account}/statement-schedule", new { frequency = "monthly" }, ct);
            answer.EnsureSuccessStatusCode();
        });
    }

    /// <summary>
    /// Makes the statements of accounts due and waits for them. An account without exactly one complete statement is an error.
    /// </summary>
    private async Task<Measured> IssueAsync(NpgsqlDataSource source, Guid[] accounts)
    {
        var due = TimeProvider.System.GetUtcNow();
        await using (var makeDue = source.CreateCommand(MakeDue))
        {
            makeDue.Parameters.Add(new() { Value = accounts });
            await makeDue.ExecuteNonQueryAsync();
        }

        while (await source.ReadAsync<bool>(IsWaiting))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        await using var issued = source.CreateCommand(Issued);
        foreach (var value in (object[])[accounts, Text(From), Text(_to), Movements, due])
        {
            issued.Parameters.Add(new() { Value = value });
        }

        await using var row = await issued.ExecuteReaderAsync();
        if (!await row.ReadAsync())
        {
            return new(1, 0, 0, accounts.Length, 0, 0, 0);
        }

        // In a trial one group issues all.
        var (complete, later, seconds, all) = (row.GetInt64(0), row.GetInt64(1), row.GetDouble(2), row.GetDouble(3));
        var (count, took) = later > 0 ? (later, seconds) : (complete, all);
        return new(took, count, 0, accounts.Length - complete, row.GetDouble(4) * 1000, all * 1000, all * 1000);
    }

    private static string Text(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);
}
