using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>Creates the tables of read models, and the views for their readers.</summary>
public sealed class ReadModelSchema(IEnumerable<ReadModel> models, TimeProvider clock)
{
    /// <summary>
    /// Runs when a host or command starts, which holds the schema lock. A new model gets its first generation. For a model with a higher
    /// version see <see cref="Rebuilding.VersionUpgrade"/>.
    /// </summary>
    public async Task PrepareAsync(NpgsqlConnection connection)
    {
        foreach (var model in models)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            if (await Generation.ActiveAsync(connection, model.Name, locked: true, CancellationToken.None) is null)
            {
                await AddAsync(
                    connection, model.Name, model.Version, GenerationState.Active, GenerationPurpose.Rebuild, "bank",
                    "the first of its kind", clock.GetUtcNow());
                await CreateAsync(connection, model, ReadTables.Generation(model, 1));
                await IndexAsync(connection, model, ReadTables.Generation(model, 1));
                await SwitchViewsAsync(connection, model, 1);
            }
            await transaction.CommitAsync();
        }
    }

    /// <summary>Adds a generation.</summary>
    /// <returns>Its number; null if a candidate exists already.</returns>
    public static Task<int?> AddAsync(
        NpgsqlConnection connection,
        string name,
        int version,
        string state,
        string purpose,
        string by,
        string reason,
        DateTimeOffset now) => connection.ScalarAsync<int?>(
        $"""
        insert into {Generation.Table}
            (name, generation, model_version, state, updated_at, requested_at, requested_by, reason, has_sums, purpose)
        select $1, coalesce(max(generation), case $3 when '{GenerationState.Active}' then 0 else 1 end) + 1,
            $2, $3, $4, $4, $5, $6, $3 = '{GenerationState.Active}', $7
        from {Generation.Table} where name = $1
        on conflict do nothing returning generation
        """,
        [name, version, state, now, by, reason, purpose],
        CancellationToken.None);

    public static async Task CreateAsync(NpgsqlConnection connection, ReadModel model, ReadTables tables, bool temporary = false)
    {
        foreach (var table in model.Tables)
        {
            var definition = $"({table.Columns}, primary key ({table.Key}))";
            await ExecuteAsync(
                connection,
                temporary
                    ? $"create temp table {tables[table.Name]["pg_temp.".Length..]} {definition} on commit drop"
                    // Vacuum would only slow down the filling. The table is analyzed afterwards.
                    : $"create table if not exists {tables[table.Name]} {definition} with (autovacuum_enabled = off)");
        }
    }

    /// <summary>Creates the indexes one by one.</summary>
    public static async Task IndexAsync(NpgsqlConnection connection, ReadModel model, ReadTables tables)
    {
        foreach (var sql in Indexes(model, tables))
        {
            await ExecuteAsync(connection, sql);
        }
    }

    /// <summary>Creates the indexes in parallel: each index keeps one core busy, and the tables have no readers yet.</summary>
    internal static Task IndexAsync(ReadModelConnections connections, ReadModel model, ReadTables tables, CancellationToken ct) =>
        Parallel.ForEachAsync(
            Indexes(model, tables),
            new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = ct },
            async (sql, token) =>
            {
                await using var connection = await connections.OpenAsync(token);
                await ExecuteAsync(connection, $"set maintenance_work_mem = '128MB'; {sql}; reset maintenance_work_mem");
            });

    private static IEnumerable<string> Indexes(ReadModel model, ReadTables tables)
    {
        foreach (var table in model.Tables)
        {
            var name = tables[table.Name];
            for (var i = 0; i < table.Indexes.Count; i++)
            {
                var index = $"{name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]}_{i}";
                yield return $"create index if not exists {index} on {name} {table.Indexes[i]}";
            }

            yield return $"analyze {name}; alter table {name} reset (autovacuum_enabled)";
        }
    }

    /// <summary>Computes the sums of a generation that was filled without them. From then on each page updates them.</summary>
    public static async Task SumAsync(NpgsqlConnection connection, ReadModel model, int generation)
    {
        var tables = ReadTables.Generation(model, generation);
        await using var transaction = await connection.BeginTransactionAsync();
        if (await Generation.LockedAsync(connection, model.Name, generation, CancellationToken.None) is { HasSums: false })
        {
            foreach (var table in model.Tables.Where(t => t.Derivation is not null))
            {
                await ExecuteAsync(connection, $"insert into {tables[table.Name]} {table.Derivation!.QueryWhere(tables, "true")}");
            }

            await ExecuteAsync(
                connection, $"update {Generation.Table} set has_sums = true where name = $1 and generation = $2", model.Name, generation);
        }

        await transaction.CommitAsync();
    }

    /// <summary>Switches the readers' views to a generation. A statement sees either all of the old one or all of the new one.</summary>
    public static async Task SwitchViewsAsync(NpgsqlConnection connection, ReadModel model, int generation)
    {
        var (served, tables) = (ReadTables.Served(model), ReadTables.Generation(model, generation));
        foreach (var table in model.Tables)
        {
            // Drop first: "create or replace view" must keep the columns, and a new version may have others.
            await ExecuteAsync(
                connection,
                $"drop view if exists {served[table.Name]}; create view {served[table.Name]} as select * from {tables[table.Name]}");
        }
    }

    public static async Task DropAsync(NpgsqlConnection connection, ReadModel model, int generation)
    {
        var tables = ReadTables.Generation(model, generation);
        foreach (var table in model.Tables)
        {
            await ExecuteAsync(connection, $"drop table if exists {tables[table.Name]}");
        }
    }

    internal static async Task ExecuteAsync(NpgsqlConnection connection, string sql, params object?[] values) =>
        await connection.ExecuteAsync(sql, values, CancellationToken.None, timeoutSeconds: 600);
}
