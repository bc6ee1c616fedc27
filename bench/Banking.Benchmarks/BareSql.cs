using Npgsql;

namespace Banking.Benchmarks;

/// <summary>A transfer without an application: balance check, two entries, versions and a receipt in one prepared statement.</summary>
internal sealed class BareSql(NpgsqlDataSource source) : IAsyncDisposable
{
    private const string Schema =
        """
        create schema bare;
        create table bare.account (id int primary key, balance bigint not null, version bigint not null) with (fillfactor = 50);
        create table bare.entry (seq bigserial primary key, account int not null, version bigint not null, amount bigint not null,
            at timestamptz not null, actor text not null, reason text not null, unique (account, version));
        create table bare.receipt (key text primary key, body jsonb not null, at timestamptz not null);
        """;

    // Rows are locked in the order of their ids, otherwise opposite transfers would deadlock.
    private const string Posting =
        """
        with locked as (select id, balance, version from bare.account where id in ($1, $2) order by id for update),
        payer as (select id from locked where id = $1 and balance >= $3),
        moved as (update bare.account a set balance = a.balance + case when a.id = $1 then -$3 else $3 end, version = a.version + 1
            from locked l where a.id = l.id and exists (select 1 from payer) returning a.id, a.version),
        entries as (insert into bare.entry (account, version, amount, at, actor, reason)
            select id, version, case when id = $1 then -$3 else $3 end, now(), 'dev-teller', 'bench' from moved returning 1)
        insert into bare.receipt (key, body, at)
            select $4, jsonb_build_object('accepted', exists (select 1 from payer), 'from', $1, 'to', $2, 'amount', $3), now()
        returning (body ->> 'accepted')::boolean
        """;

    public NpgsqlDataSource Source => source;

    public async Task CreateAsync(int accounts, long balance)
    {
        await using var create = source.CreateCommand(Schema);
        await create.ExecuteNonQueryAsync();
        await using var fill = source.CreateCommand("insert into bare.account select i, $1, 0 from generate_series(0, $2) i");
        fill.Parameters.Add(new() { Value = balance });
        fill.Parameters.Add(new() { Value = accounts - 1 });
        await fill.ExecuteNonQueryAsync();
    }

    public async Task<Measured> RunAsync(int callers, TimeSpan duration, Func<int, long, (int From, int To)> pick, string run)
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, callers).Select(async _ => await source.OpenConnectionAsync()));
        var commands = connections.Select(c =>
        {
            var command = new NpgsqlCommand(Posting, c);
            command.Parameters.Add(new NpgsqlParameter<int>());
            command.Parameters.Add(new NpgsqlParameter<int>());
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = 1 });
            command.Parameters.Add(new NpgsqlParameter<string>());
            return command;
        }).ToArray();
        foreach (var command in commands)
        {
            ((NpgsqlParameter<string>)command.Parameters[3]).TypedValue = "";
            await command.PrepareAsync();
        }

        var measured = await Load.ClosedAsync(callers, duration, async (caller, i) =>
        {
            var (from, to) = pick(caller, i);
            var command = commands[caller];
            ((NpgsqlParameter<int>)command.Parameters[0]).TypedValue = from;
            ((NpgsqlParameter<int>)command.Parameters[1]).TypedValue = to;
            ((NpgsqlParameter<string>)command.Parameters[3]).TypedValue = $"{run}-{caller}-{i}";
            return (bool)(await command.ExecuteScalarAsync())! ? new Counted(1, 0, 0) : new Counted(0, 1, 0);
        });
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }

        return measured;
    }

    public async Task<bool> ConservedAsync(long total)
    {
        await using var command = source.CreateCommand(
            "select (select sum(balance) from bare.account)::numeric, coalesce((select sum(amount) from bare.entry), 0)::numeric");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return reader.GetDecimal(0) == total && reader.GetDecimal(1) == 0;
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
