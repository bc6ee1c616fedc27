using Banking.Commands.Operators;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>Operator log of read models: one stream for each read model.</summary>
public sealed class ReadModelLog(OperatorLog operatorLog)
{
    public const string StreamType = "read-model";

    private static readonly OperatorStreamKind Kind = new(StreamType, new("1d0f5a52-7f0c-4b7e-9a55-6f0f1ce8a1d4"));

    /// <summary>The id of a read model's stream.</summary>
    public static Guid StreamOf(string model) => Kind.StreamOf(model);

    /// <summary>Appends a fact in the caller's transaction.</summary>
    public Task RecordAsync(NpgsqlTransaction transaction, string model, object fact, OperatorAction action, CancellationToken ct) =>
        operatorLog.RecordAsync(transaction, Kind, model, fact, action, ct);
}
