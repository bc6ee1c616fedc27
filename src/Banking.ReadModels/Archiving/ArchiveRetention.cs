using System.Globalization;
using Banking.Commands.Operators;
using Banking.EventStore.Archive;
using Banking.EventStore.Epochs;
using Npgsql;

namespace Banking.ReadModels.Archiving;

/// <summary>
/// Holds files, and deletes files by a rule. A held file is never deleted, nor one that another bank may need. Decisions are events with
/// actor and reason. A deletion is stored before the file is deleted, so that a killed run is completed by the next one.
/// </summary>
public sealed class ArchiveRetention(ArchiveStates states, IArchiveStorage storage, ArchiveLog log, TimeProvider clock)
{
    /// <returns>Whether the hold was not there before.</returns>
    public async Task<bool> HoldAsync(NpgsqlConnection owner, ArchiveState file, OperatorAction action, CancellationToken ct)
    {
        if (file.Hold is null)
        {
            await log.RecordAsync(owner, file.File.Name, new ArchiveHeld(file.File.Name, clock.GetUtcNow()), action, ct);
        }

        return file.Hold is null;
    }

    /// <returns>Whether there was a hold.</returns>
    public async Task<bool> ReleaseAsync(NpgsqlConnection owner, ArchiveState file, OperatorAction action, CancellationToken ct)
    {
        if (file.Hold is not null)
        {
            await log.RecordAsync(owner, file.File.Name, new ArchiveReleased(file.File.Name, clock.GetUtcNow()), action, ct);
        }

        return file.Hold is not null;
    }

    /// <summary>Deletes the files whose events were all recorded before an instant.</summary>
    /// <param name="isSoleUser">
    /// Whether no other bank uses the storage. Otherwise files from before a copy, restore or move of the database are kept: the manifest
    /// of another database may name them too, and holds in one are unknown to the other.
    /// </param>
    /// <param name="report">Called with a line for each file that the rule concerns.</param>
    /// <returns>The number of deleted files.</returns>
    public async Task<int> DeleteAsync(
        NpgsqlConnection owner, DateTimeOffset olderThan, bool isSoleUser, OperatorAction action, Action<string> report,
        CancellationToken ct)
    {
        var (deleted, place) = (0, await LogPlace.ReadAsync(owner, ct));
        var present = (await storage.ListAsync(ct)).Select(f => f.Name).ToHashSet();
        foreach (var state in await states.FilesAsync(ct))
        {
            var file = state.File;
            var isOwn = isSoleUser || ArchiveFormat.IsFrom(file.Name, place);
            if (file.DeletedAt is null && LastRecorded(file) < olderThan)
            {
                if (Obstacle(state, isOwn) is { } obstacle)
                {
                    report($"{file.Name}: kept, because {obstacle}");
                    continue;
                }

                await using var transaction = await owner.BeginTransactionAsync(ct);
                await ArchiveManifest.DeleteAsync(owner, file.Id, clock.GetUtcNow(), ct);
                await log.RecordAsync(
                    transaction, file.Name, new ArchiveDeleted(file.Name, olderThan, file.Header.Events, clock.GetUtcNow()), action, ct);
                await transaction.CommitAsync(ct);
                await storage.DeleteAsync(file.Name, ct);
                report($"{file.Name}: deleted, with {file.Header.Events} events");
                deleted++;
            }
            else if (file.DeletedAt is not null && isOwn)
            {
                await storage.DeleteAsync(file.Name, ct);
            }
            else if (file.DeletedAt is not null && present.Contains(file.Name))
            {
                report($"{file.Name}: its deletion is recorded, but the file is still there. {OfAnother}");
            }
        }

        return deleted;
    }

    private const string OfAnother =
        "its name does not have the mark of this database, so another bank may need it: it is from an earlier version of the bank, or from "
        + "before a restore, copy, move, failover or major upgrade of PostgreSQL. If no other bank uses the storage, add --no-other-bank";

    private static string? Obstacle(ArchiveState state, bool isOwn) =>
        state.Hold is { } hold ? $"{hold.Actor} holds it since {hold.At.UtcDateTime:u}: {hold.Reason}"
        : state.RemovedRows == 0 || state.IsChanging ? "the log has its data too: run archive remove first"
        : isOwn ? null : OfAnother;

    private static DateTimeOffset LastRecorded(ManifestFile file) =>
        DateTimeOffset.Parse(file.Header.LastRecordedAt, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
