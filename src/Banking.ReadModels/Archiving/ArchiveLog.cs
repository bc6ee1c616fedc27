using Banking.Commands.Operators;
using Npgsql;

namespace Banking.ReadModels.Archiving;

/// <summary>Operator log of the event archive: one stream for each file.</summary>
public sealed class ArchiveLog(OperatorLog operatorLog)
{
    public const string StreamType = "event-archive";

    private static readonly OperatorStreamKind Kind = new(StreamType, new("5b0e1f0a-9a41-4f6b-8f0d-2d6a7c3b9e10"));

    /// <summary>The id of a file's stream.</summary>
    public static Guid StreamOf(string file) => Kind.StreamOf(file);

    /// <summary>Appends a fact in the caller's transaction.</summary>
    public Task RecordAsync(NpgsqlTransaction transaction, string file, object fact, OperatorAction action, CancellationToken ct) =>
        operatorLog.RecordAsync(transaction, Kind, file, fact, action, ct);

    /// <summary>Appends a fact in a transaction of its own.</summary>
    public async Task RecordAsync(NpgsqlConnection connection, string file, object fact, OperatorAction action, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await RecordAsync(transaction, file, fact, action, ct);
        await transaction.CommitAsync(ct);
    }
}
