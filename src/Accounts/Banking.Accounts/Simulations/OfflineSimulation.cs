using System.Globalization;
using System.Text;
using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.Accounts.Simulations.Reading;
using Banking.Accounts.Simulations.Views;
using Banking.Commands.Decisions;
using Banking.EventStore.Archive;
using Banking.EventStore.Json;
using Banking.Web.Http;
using Marten;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Banking.Accounts.Simulations;

/// <summary>A simulation without a host: its request is a file, and its answer is printed instead of stored.</summary>
internal static class OfflineSimulation
{
    /// <summary>The differences that the summary lists.</summary>
    private const int MaxLines = 20;

    /// <param name="request">The body of <c>POST /v1/simulations</c>.</param>
    /// <param name="progress">Called with the number of events that were replayed, and that of all.</param>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        IDocumentStore store, NpgsqlDataSource source, ArchivedEvents archive, IConfiguration configuration, TimeProvider clock,
        byte[] request, bool json, Action<long, long> progress, CancellationToken ct)
    {
        var (body, malformed) = StrictBody.Parse(request, typeof(SimulationRequest));
        if (body is null)
        {
            return Refused(malformed!);
        }

        var settings = SimulationSettings.Of(configuration);
        var reader = new SimulationReader(store, source, settings, BackdatingRule.Of(configuration), clock, archive);
        var (prepared, problem) = await reader.PrepareAsync((SimulationRequest)body, ct);
        if (prepared is null)
        {
            return Refused(problem!);
        }

        await using var simulation = prepared;
        SimulationProgress last = new(0, prepared.Total, null);
        try
        {
            return await prepared.RunAsync(p => progress((last = p).Done, p.Total), ct) is { } result
                ? (
                    result.Totals.AccountsThatDiffer > 0 || result.Differences.Count > 0 ? 1 : 0,
                    json ? JsonSerializer.Serialize(result, ApiJson.Options) : Summary(result), "")
                : NoAnswer(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Stopped after {settings.MaxSeconds} s at {last.Done} of {last.Total} events and refused commands, recorded by "
                    + $"{last.RecordedAt:O}. Choose fewer accounts, or raise {SimulationSettings.Section}:{nameof(settings.MaxSeconds)}."));
        }
        catch (OverflowException)
        {
            return NoAnswer("A simulated balance would exceed what this bank can state.");
        }
    }

    private static (int, string, string) Refused(Refusal problem) => (
        2, "", $"{problem.Code}: {problem.Detail}{(problem.Pointer is { } pointer ? $" ({pointer})" : "")}");

    private static (int, string, string) NoAnswer(string why) => (1, "", why);

    private static string Summary(SimulationResult result)
    {
        var (text, totals) = (new StringBuilder(), result.Totals);
        Line($"{totals.Accounts} accounts, {totals.Events} events and {totals.RefusedCommands} refused commands until {result.AsOf:O};");
        Line($"{totals.Decisions} decisions, {totals.AccountsThatDiffer} accounts differ.");
        Line($"Refusals: {totals.RefusalsThatAppear} appear, {totals.RefusalsThatVanish} vanish.");
        foreach (var sum in result.Balances)
        {
            Line($"Balances in {sum.Currency}: {sum.Real.Value} in reality, {sum.Simulated.Value} simulated.");
        }

        foreach (var account in result.Accounts.Take(MaxLines))
        {
            Line($"  {account.AccountId}: {account.Real.Balance.Value} in reality, {account.Simulated?.Balance.Value ?? "none"} simulated");
        }

        foreach (var d in result.Differences.Take(MaxLines))
        {
            var (why, amount) = (d.Refusal is { } refusal ? $": {refusal.Detail}" : "", (d.SimulatedAmount ?? d.Amount)?.Value);
            Line($"  {d.RecordedAt:O} {d.Kind.ToString().ToLowerInvariant()} {d.Id} {amount}{why}");
        }

        if (result.TakenAsGiven.Count > 0)
        {
            Line($"Taken as given, because they are outside: {string.Join(", ", result.TakenAsGiven.Take(MaxLines))}");
        }

        Line($"--json prints everything.");
        return text.ToString();

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }
}
