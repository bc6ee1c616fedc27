using System.Data;
using System.Globalization;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Simulations.Replay;
using Banking.Accounts.Simulations.Views;
using Banking.Commands;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Accounts.Simulations.Reading;

/// <summary>Prepares simulations: opens the snapshot, and finds in it what the request is about.</summary>
internal sealed class SimulationReader(
    IDocumentStore store, NpgsqlDataSource source, SimulationSettings settings, BackdatingRule rule, TimeProvider clock,
    ArchivedEvents archive)
{
    private const string Corrections =
        $"""
        {TransactionReader.IsCorrection} and not is_archived and {TransactionReader.Root} in (
            select {TransactionReader.Root} from {SchemaNames.Events}.mt_events
            where {TransactionReader.IsCorrection} and not is_archived and stream_id = any($1))
        """;

    private static readonly string ById = $"id = any($1) and {ArchiveManifest.IsInLog()}";

    private const string RefusedCorrections =
        $"""
        select d.data -> 'command' -> 'fields' ->> 'transaction' from {CommandsModule.RefusalTable} d
        where {SimulationScope.IsRefusal} and d.data -> 'command' ->> 'type' = '{CorrectionOperation.Message}'
        """;

    private readonly StoredEvents _events = new(store, archive);

    public async Task<(PreparedSimulation? Prepared, Refusal? Problem)> PrepareAsync(SimulationRequest request, CancellationToken ct)
    {
        if ((Null(request.Accounts, "accounts") ?? Null(request.Changes, "changes")) is { } incomplete)
        {
            return (null, incomplete);
        }

        var connection = await source.OpenConnectionAsync(ct);
        try
        {
            // All is read in one snapshot, over one connection: a second one could wait for a migration that waits for the first one.
            await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
            await connection.ExecuteAsync("set transaction read only", [], ct);
            await connection.ExecuteAsync("set local cursor_tuple_fraction = 1", [], ct);
            await connection.ExecuteAsync("set local jit = off", [], ct);
            var (prepared, problem) = await PrepareAsync(connection, request, ct);
            if (prepared is null)
            {
                await connection.DisposeAsync();
            }

            return (prepared, problem);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static Refusal? Null<T>(IReadOnlyList<T>? list, string member) =>
        list?.Index().Where(i => i.Item is null).Select(i => (int?)i.Index).FirstOrDefault() is { } index
            ? Refusal.Malformed(
                "malformed_json", "The item must not be null.", string.Create(CultureInfo.InvariantCulture, $"#/{member}/{index}"))
            : null;

    private async Task<(PreparedSimulation? Prepared, Refusal? Problem)> PrepareAsync(
        NpgsqlConnection snapshot, SimulationRequest request, CancellationToken ct)
    {
        var (scope, problem) = await SimulationScope.ReadAsync(snapshot, request, settings, ct);
        if (scope is null)
        {
            return (null, problem);
        }

        var now = clock.GetUtcNow().CutToMicroseconds();
        var ids = scope.Accounts.Keys.ToArray();
        var bookings = await EventsAsync(snapshot, Corrections, [ids], ct);
        var (hypothesis, unfit) = await HypothesisAsync(snapshot, request, scope, bookings, now, ct);
        if (hypothesis is null)
        {
            return (null, unfit);
        }

        var corrections = await CorrectionsAsync(snapshot, scope, bookings, ids, ct);
        return (
            new(
                snapshot, _events, store.Options.Serializer(), scope, settings, now,
                new Simulation(ids, hypothesis, rule, corrections, PreparedSimulation.MaxListed)),
            null);
    }

    private async Task<(Hypothesis? Hypothesis, Refusal? Problem)> HypothesisAsync(
        NpgsqlConnection snapshot, SimulationRequest request, SimulationScope scope, IReadOnlyList<IEvent> bookings, DateTimeOffset now,
        CancellationToken ct)
    {
        var changes = request.Changes ?? [];
        if (changes.Count > PreparedSimulation.MaxListed)
        {
            return (null, HypothesisReader.Unfit($"A request has at most {PreparedSimulation.MaxListed} changes.", "#/changes"));
        }

        var named = changes.SelectMany(c => new[] { c.Omit, c.Change }).OfType<string>().Select(HypothesisReader.Parse)
            .OfType<(string Prefix, Guid Id)>().ToLookup(n => n.Prefix == RefusalId.Prefix, n => n.Id);
        var events = await EventsAsync(snapshot, ById, [named[false].ToArray()], ct);
        var serializer = store.Options.Serializer();
        var refusals = await snapshot.ListAsync(
            $"select id, data from {CommandsModule.RefusalTable} where id = any($1)", [named[true].ToArray()],
            row => RefusalReader.Read(serializer, row), ct);
        var accounts = await SimulationScope.ResolveAsync(
            snapshot,
            [
                .. changes.Select(c => c.Insert).OfType<SimulatedInsertion>()
                    .SelectMany(i => new[] { i.AccountId, i.ToAccountId }).OfType<string>(),
            ],
            ct);
        var corrections = bookings.Where(b => scope.Accounts.ContainsKey(b.StreamId)).Select(b => b.CommandId()).ToHashSet();
        return new HypothesisReader(
            request, events.DistinctBy(e => e.Id).ToDictionary(e => e.Id), refusals.ToDictionary(r => r.Id), accounts, scope.Accounts,
            e => scope.Accounts.ContainsKey(e.StreamId) || corrections.Contains(e.CommandId())
                || (EventRoles.OtherAccount(e.Data) is { } other && scope.Accounts.ContainsKey(other)),
            now).Read();
    }

    private async Task<SimulatedCorrections> CorrectionsAsync(
        NpgsqlConnection snapshot, SimulationScope scope, IReadOnlyList<IEvent> bookings, Guid[] ids, CancellationToken ct)
    {
        var refused = await snapshot.ListAsync(RefusedCorrections, [ids, scope.RefusedByThem], row => row.GetString(0), ct);
        var wanted = bookings.Select(b => ((ICorrectionEvent)b.Data).Correction)
            .SelectMany(c => new[] { c.Corrects, c.Transaction })
            .Concat(refused.Select(TransactionId.Parse).OfType<Guid>())
            .Distinct()
            .ToArray();
        var corrected = wanted.Length == 0 ? [] : await EventsAsync(snapshot, ById, [wanted], ct);
        return new(bookings, corrected, scope.Accounts.ContainsKey);
    }

    private Task<IReadOnlyList<IEvent>> EventsAsync(
        NpgsqlConnection snapshot, string condition, object[] values, CancellationToken ct) =>
        snapshot.ListAsync(StoredEvents.Select(condition), values, row => _events.Read(row), ct);
}
