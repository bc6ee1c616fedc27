using Banking.Commands.Operators;
using Marten;
using Npgsql;

namespace Banking.Web.Backups;

/// <summary>
/// The newest backup was restored into a scratch folder and all of it compared with its log, or that failed.
/// </summary>
/// <param name="Succeeded">Whether it was restored without differences, with all personal data readable.</param>
/// <param name="Milliseconds">How long the restore and the comparison took.</param>
/// <param name="Report">What the restore printed.</param>
/// <param name="EffectiveAt">When it ended.</param>
public sealed record RestoreDrilled(bool Succeeded, long Milliseconds, string Report, DateTimeOffset EffectiveAt);

/// <summary>Records drills of a restore in the event log, and finds the last one.</summary>
public sealed class RestoreDrills(IDocumentStore store, NpgsqlDataSource source, OperatorLog operatorLog)
{
    public const string StreamType = "backup";

    /// <summary>Stored name; permanent.</summary>
    internal const string EventName = "platform.restore-drilled.v1";

    private const string Name = "drill";

    internal static readonly OperatorStreamKind Kind = new(StreamType, new("7c9a2b1e-53d4-4f0a-8b8e-2f4f0d6a9e31"));

    public async Task RecordAsync(RestoreDrilled drilled, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await operatorLog.RecordAsync(
            transaction, Kind, Name, drilled, OperatorAction.OfTheBank("the newest backup was restored as a drill", "backups"), ct);
        await transaction.CommitAsync(ct);
    }

    public async Task<RestoreDrilled?> FindLastAsync(CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return (await session.Events.FetchStreamAsync(Kind.StreamOf(Name), token: ct)) is [.., var last] ? (RestoreDrilled)last.Data : null;
    }
}
