using System.Data;
using Npgsql;
using NpgsqlTypes;

namespace Banking.EventStore.Storage;

/// <summary>
/// Runs one SQL statement: its text, the values of $1, $2 and so on, and how a row is read. On a connection the statement is part of the
/// current transaction, if there is one. A timeout of 0 seconds is none; without one the setting of the connection holds.
/// </summary>
public static class Statements
{
    extension(NpgsqlConnection connection)
    {
        /// <summary>Reads all rows.</summary>
        public async Task<IReadOnlyList<T>> ListAsync<T>(
            string sql, object?[] values, Func<NpgsqlDataReader, T> row, CancellationToken ct, int? timeoutSeconds = null)
        {
            await using var command = Command(connection, sql, values, timeoutSeconds);
            await using var reader = await command.ExecuteReaderAsync(ct);
            var rows = new List<T>();
            while (await reader.ReadAsync(ct))
            {
                rows.Add(row(reader));
            }

            return rows;
        }

        /// <summary>Reads the first column of the first row. Null, or no row, needs a type that can be null.</summary>
        public async Task<T> ScalarAsync<T>(string sql, object?[] values, CancellationToken ct, int? timeoutSeconds = null)
        {
            await using var command = Command(connection, sql, values, timeoutSeconds);
            return await command.ExecuteScalarAsync(ct) switch
            {
                T value => value,
                null or DBNull when default(T) is null => default!,
                var other => throw new InvalidCastException($"The statement returned {other ?? "no row"} instead of a {typeof(T).Name}."),
            };
        }

        /// <summary>Returns the number of changed rows.</summary>
        public async Task<int> ExecuteAsync(string sql, object?[] values, CancellationToken ct, int? timeoutSeconds = null)
        {
            await using var command = Command(connection, sql, values, timeoutSeconds);
            return await command.ExecuteNonQueryAsync(ct);
        }

        /// <summary>
        /// Releases what the session holds by a statement, and closes the connection: a pooled connection keeps its session. If that fails,
        /// for instance because it takes too long, the session ends.
        /// </summary>
        public async Task ReleaseAsync(string sql, params object?[] values)
        {
            await using (connection)
            {
                if (!await connection.TryAsync(sql, values))
                {
                    await connection.TryAsync("select pg_terminate_backend(pg_backend_pid())");
                }
            }
        }

        /// <summary>Returns false if the statement failed, or if the session has ended before, so that it holds nothing.</summary>
        private async Task<bool> TryAsync(string sql, params object?[] values)
        {
            try
            {
                if (connection.FullState != ConnectionState.Open)
                {
                    return false;
                }

                await connection.ExecuteAsync(sql, values, CancellationToken.None, timeoutSeconds: 5);
                return true;
            }
            catch (NpgsqlException)
            {
                return false;
            }
        }
    }

    extension(NpgsqlDataSource source)
    {
        /// <summary>Reads all rows.</summary>
        public async Task<IReadOnlyList<T>> ListAsync<T>(
            string sql, object?[] values, Func<NpgsqlDataReader, T> row, CancellationToken ct, int? timeoutSeconds = null)
        {
            await using var connection = await source.OpenConnectionAsync(ct);
            return await connection.ListAsync(sql, values, row, ct, timeoutSeconds);
        }

        /// <summary>Reads the first column of the first row. Null, or no row, needs a type that can be null.</summary>
        public async Task<T> ScalarAsync<T>(string sql, object?[] values, CancellationToken ct, int? timeoutSeconds = null)
        {
            await using var connection = await source.OpenConnectionAsync(ct);
            return await connection.ScalarAsync<T>(sql, values, ct, timeoutSeconds);
        }

        /// <summary>Returns the number of changed rows.</summary>
        public async Task<int> ExecuteAsync(string sql, object?[] values, CancellationToken ct, int? timeoutSeconds = null)
        {
            await using var connection = await source.OpenConnectionAsync(ct);
            return await connection.ExecuteAsync(sql, values, ct, timeoutSeconds);
        }
    }

    /// <summary>A value that may be null, with its type, where PostgreSQL cannot infer the type of a null.</summary>
    public static NpgsqlParameter Of(this NpgsqlDbType type, object? value) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };

    /// <summary>Reads a column, or the default of the type if the column is null.</summary>
    public static T? GetOrDefault<T>(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? default : row.GetFieldValue<T>(column);

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object?[] values, int? timeoutSeconds)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.CommandTimeout = timeoutSeconds ?? command.CommandTimeout;
        foreach (var value in values)
        {
            command.Parameters.Add(value as NpgsqlParameter ?? new() { Value = value ?? DBNull.Value });
        }

        return command;
    }
}
