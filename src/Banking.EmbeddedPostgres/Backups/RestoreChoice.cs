using System.Globalization;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>Chooses the base backups from which a restore can reach its target.</summary>
internal static class RestoreChoice
{
    /// <returns>The base backups that lie before the target, the newest first, and the settings of PostgreSQL for the target.</returns>
    /// <param name="bases">The usable base backups of the archive, the oldest first.</param>
    /// <exception cref="BackupException">No base backup lies before the target, or the archive ends before it.</exception>
    public static (IReadOnlyList<BackupManifest> Bases, IReadOnlyDictionary<string, string> Recovery) Of(
        RestoreRequest request, ArchiveState state, IReadOnlyList<BackupManifest> bases)
    {
        bases = Named(request, bases);
        if (bases is not [var first, ..])
        {
            throw new BackupException($"{request.Archive.Path} has no complete base backup.");
        }

        switch (request.Target)
        {
            case RestoreTarget.AtTime { Time: var time } when time < first.FinishedAt:
                throw new BackupException($"The first backup ends at {Text(first.FinishedAt)}. Name a later time.");
            case RestoreTarget.AtTime { Time: var time } when time > state.EndAt:
                throw new BackupException($"The archive ends at {Text(state.EndAt)}. Name an earlier time, or LATEST.");
            case RestoreTarget.AtTime { Time: var time }:
                return (
                    [.. bases.Where(b => b.FinishedAt <= time).Reverse()],
                    new Dictionary<string, string> { ["recovery_target_time"] = Text(time) });
            case RestoreTarget.AtPosition { Position: var position } when position <= first.Bank.LastPosition:
                throw new BackupException($"The first backup ends at position {first.Bank.LastPosition}. Name a later position.");
            case RestoreTarget.AtPosition { Position: var position }:
                return ([.. bases.Where(b => b.Bank.LastPosition < position).Reverse()], new Dictionary<string, string>());
            default:
                return ([.. bases.Reverse()], new Dictionary<string, string>());
        }
    }

    /// <summary>The base backup that the request names; all if it names none.</summary>
    private static IReadOnlyList<BackupManifest> Named(RestoreRequest request, IReadOnlyList<BackupManifest> bases) =>
        request.Base is null ? bases
        : bases.FirstOrDefault(b => b.Label == request.Base) is { } named ? [named]
        : throw new BackupException($"{request.Archive.Path} has no usable base backup {request.Base}. backup list shows what it has.");

    // PostgreSQL reads no abbreviation such as Z here.
    private static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture);
}
