using System.Globalization;
using System.Text.Json;
using Banking.EventStore.Json;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;

namespace Banking.Host.Commands;

/// <summary>The result of comparing a candidate with the active version, as text.</summary>
internal static class CandidateReport
{
    public static async Task WriteAsync(Generation candidate, CandidateDifferences differences, int limit, CancellationToken ct)
    {
        var compared = $"{candidate.Model}: candidate {candidate.Number} of version {candidate.ModelVersion}, compared with the served one "
            + $"at position {Text(candidate.Position)}";
        switch (candidate)
        {
            case { State: GenerationState.Equal }:
                Console.WriteLine($"{compared}: equal.");
                break;
            case { State: GenerationState.Differs }:
                var totals = await differences.TotalsAsync(candidate.Model, candidate.Number, ct);
                Console.WriteLine($"{compared}: {Text(totals.Rows)} differences in the rows of {Text(totals.Streams)} streams.");
                await WriteDifferencesAsync(candidate, differences, limit, ct);
                break;
            case { State: GenerationState.Failed }:
                Console.WriteLine($"{compared}: the candidate differs from the log, so the program is wrong.");
                WriteFaults(candidate);
                break;
            default:
                Console.WriteLine(
                    $"{candidate.Model}: generation {candidate.Number} was not completed: "
                        + (candidate.PauseReason is { } reason ? $"stopped: {reason}" : $"it is {candidate.State}."));
                break;
        }
    }

    private static async Task WriteDifferencesAsync(
        Generation candidate, CandidateDifferences differences, int limit, CancellationToken ct)
    {
        var page = await differences.PageAsync(candidate.Model, candidate.Number, null, limit + 1, ct);
        foreach (var subject in page.Take(limit))
        {
            Console.WriteLine($"  {Describe(subject)}: {Text(subject.Rows)} of {subject.Table}");
            foreach (var change in subject.Changes)
            {
                Console.WriteLine(
                    $"    {string.Join(' ', new[] { change.Key, change.Column }.OfType<string>())}: "
                        + $"active {change.Active ?? "nothing"}, candidate {change.Candidate ?? "nothing"}");
            }
        }

        if (page.Count > limit)
        {
            Console.WriteLine("  More differ; --limit lists more.");
        }
    }

    private static void WriteFaults(Generation candidate)
    {
        foreach (var d in JsonSerializer.Deserialize<IReadOnlyList<Difference>>(candidate.Differences ?? "[]", ApiJson.Options)!)
        {
            Console.WriteLine($"  {d.Table} {d.Stream}: expected {d.Expected ?? "nothing"}, found {d.Found ?? "nothing"}");
        }
    }

    private static string Describe(SubjectDifference subject) => subject switch
    {
        { StreamType: "account", Stream: { } account } => $"account {PublicId.Format("acc", account)}",
        { Stream: { } stream } => $"{subject.StreamType ?? "stream"} {stream}",
        { Subject: "" } => "columns",
        _ => subject.Subject,
    };

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
