using System.Globalization;
using Banking.Accounts.Domain;
using Banking.Accounts.Simulations.Views;
using Banking.Commands;
using Banking.Commands.Decisions;
using Banking.Customers.Contracts;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Accounts.Simulations.Reading;

/// <summary>The accounts of a simulation, as its snapshot has them.</summary>
/// <param name="Accounts">The accounts, with their currencies.</param>
/// <param name="Events">The number of their events.</param>
/// <param name="Refusals">The number of their refused commands.</param>
/// <param name="RefusedByThem">The ids of those refused commands that are listed under other accounts, and that these refused.</param>
internal sealed record SimulationScope(IReadOnlyDictionary<Guid, string> Accounts, long Events, long Refusals, Guid[] RefusedByThem)
{
    /// <summary>The refused commands of accounts ($1) and those of a list ($2).</summary>
    public const string IsRefusal = "((d.data ->> 'streamId')::uuid = any($1) or d.id = any($2))";

    /// <summary>Rules of an account that is not the first one of the command name it in their facts.</summary>
    private const string RefusedByThemSql =
        $"""
        select d.id from {CommandsModule.RefusalTable} d
        where (d.data ->> 'facts')::jsonb ->> 'accountId' = any($1) and not (d.data ->> 'streamId')::uuid = any($2)
        limit $3
        """;

    /// <summary>Those who may use an account are its owner and others: the opening names the owner.</summary>
    private const string OwnedSql =
        $"""
        select s.id from {AccountsModule.Schema}.mt_doc_account_access a
        join {SchemaNames.Streams} s on s.id = (a.data ->> 'accountId')::uuid and not s.is_archived
        join {SchemaNames.Events}.mt_events e on e.stream_id = s.id and e.version = 1 and not e.is_archived
        where (a.data ->> 'customerId')::uuid = $1 and (e.data ->> 'owner')::uuid = $1 limit $2
        """;

    /// <summary>An account without a stored state is found by its opening.</summary>
    private const string OfKindSql =
        $"""
        select s.id from {SchemaNames.Streams} s left join {AccountsModule.Schema}.mt_doc_account a on a.id = s.id
        left join {SchemaNames.Events}.mt_events e on a.id is null and e.stream_id = s.id and e.version = 1 and not e.is_archived
        where s.type = $3 and not s.is_archived and ($1 is null or coalesce(a.data, e.data) ->> 'product' = $1)
            and ($2 is null or coalesce(a.data -> 'balance', e.data -> 'overdraftLimit') ->> 'currency' = $2)
        limit $4
        """;

    public static async Task<(SimulationScope? Scope, Refusal? Problem)> ReadAsync(
        NpgsqlConnection snapshot, SimulationRequest request, SimulationSettings settings, CancellationToken ct)
    {
        var (found, problem) = (request.Accounts, request.CustomerId, request.Cohort) switch
        {
            ({ Count: > 0 } accounts, null, null) => await NamedAsync(snapshot, accounts, settings, ct),
            (null, { } customer, null) => await OfCustomerAsync(snapshot, customer, settings, ct),
            (null, null, { } cohort and not { Product: null, Currency: null }) =>
                (await OfCohortAsync(snapshot, cohort, settings, ct), null),
            _ => ([], Refusal.Invalid("simulation_scope", "Send exactly one of accounts, customerId and cohort, and not an empty one.")),
        };
        if (problem is not null || found.Count == 0)
        {
            return (null, problem ?? Refusal.RuleBroken("simulation_without_accounts", "There are no such accounts."));
        }

        var ids = found.ToArray();
        var events = await snapshot.ScalarAsync<long>(
            $"select coalesce(sum(version), 0)::bigint from {SchemaNames.Streams} where id = any($1)", [ids], ct);
        var refusals = await snapshot.ScalarAsync<long>(
            $"select count(*) from {CommandsModule.RefusalTable} d where (d.data ->> 'streamId')::uuid = any($1)", [ids], ct);
        var refusedByThem = await snapshot.ListAsync(
            RefusedByThemSql, [ids.Select(AccountId.Format).ToArray(), ids, settings.MaxEvents + 1L], row => row.GetGuid(0), ct);
        refusals += refusedByThem.Count;
        return ids.Length > settings.MaxAccounts || events + refusals > settings.MaxEvents
            ? (null, TooLarge(ids.Length, events + refusals, settings))
            : (new(await CurrenciesAsync(snapshot, ids, ct), events, refusals, [.. refusedByThem]), null);
    }

    private static async Task<Dictionary<Guid, string>> CurrenciesAsync(NpgsqlConnection snapshot, Guid[] accounts, CancellationToken ct) =>
        (await snapshot.ListAsync(
            $"""
            select stream_id, coalesce(data -> 'overdraftLimit' ->> 'currency', '') from {SchemaNames.Events}.mt_events
            where stream_id = any($1) and version = 1 and not is_archived
            """,
            [accounts], row => (row.GetGuid(0), row.GetString(1)), ct)).ToDictionary(a => a.Item1, a => a.Item2);

    /// <summary>The ids of accounts by the texts that name them: public ids or numbers.</summary>
    public static async Task<Dictionary<string, Guid>> ResolveAsync(
        NpgsqlConnection snapshot, IReadOnlyCollection<string> accounts, CancellationToken ct)
    {
        var ids = accounts.Distinct().Where(a => PublicId.TryParse(AccountId.Prefix, a, out _))
            .ToDictionary(a => a, a => PublicId.TryParse(AccountId.Prefix, a, out var id) ? id : default);
        var numbers = accounts.Except(ids.Keys).Where(a => AccountNumber.TryParseStored(a, out _))
            .ToLookup(a => AccountNumber.TryParseStored(a, out var number) ? number.Value : "");
        var claims = await snapshot.ListAsync(
            $"select id, (data ->> 'accountId')::uuid from {AccountsModule.Schema}.mt_doc_account_number where id = any($1)",
            [numbers.Select(n => n.Key).ToArray()], row => (Number: row.GetString(0), Id: row.GetGuid(1)), ct);
        foreach (var (number, id) in claims)
        {
            foreach (var text in numbers[number])
            {
                ids[text] = id;
            }
        }

        var existing = await snapshot.ListAsync(
            $"select id from {SchemaNames.Streams} where id = any($1) and type = $2 and not is_archived",
            [ids.Values.Distinct().ToArray(), Account.StreamType], row => row.GetGuid(0), ct);
        var known = existing.ToHashSet();
        return ids.Where(i => known.Contains(i.Value)).ToDictionary();
    }

    private static async Task<(IReadOnlyCollection<Guid>, Refusal?)> NamedAsync(
        NpgsqlConnection snapshot, IReadOnlyList<string> accounts, SimulationSettings settings, CancellationToken ct)
    {
        if (accounts.Count > settings.MaxAccounts)
        {
            return ([], TooLarge(accounts.Count, 0, settings));
        }

        var ids = await ResolveAsync(snapshot, [.. accounts], ct);
        foreach (var (i, account) in accounts.Index().Where(a => !ids.ContainsKey(a.Item)))
        {
            return ([], Visibility.NotFound(account, string.Create(CultureInfo.InvariantCulture, $"/accounts/{i}")));
        }

        return (ids.Values.ToHashSet(), null);
    }

    private static async Task<(IReadOnlyCollection<Guid>, Refusal?)> OfCustomerAsync(
        NpgsqlConnection snapshot, string customer, SimulationSettings settings, CancellationToken ct) =>
        PublicId.TryParse(CustomerStreams.Prefix, customer, out var owner) && await snapshot.ScalarAsync<bool>(
            $"select exists (select from {SchemaNames.Streams} where id = $1 and type = $2)", [owner, CustomerStreams.Type], ct)
            ? (await snapshot.ListAsync(OwnedSql, [owner, settings.MaxAccounts + 1L], row => row.GetGuid(0), ct), null)
            : ([], Refusal.NotFound("customer_not_found", "There is no such customer.") with { Pointer = "#/customerId" });

    private static async Task<IReadOnlyCollection<Guid>> OfCohortAsync(
        NpgsqlConnection snapshot, SimulatedCohort cohort, SimulationSettings settings, CancellationToken ct) =>
        // No account has a text with control characters, and PostgreSQL refuses the worst of them.
        new[] { cohort.Product, cohort.Currency }.OfType<string>().Any(t => PlainText.Problem(t, 100) is not null) ? []
        : await snapshot.ListAsync(
            OfKindSql,
            [NpgsqlDbType.Text.Of(cohort.Product), NpgsqlDbType.Text.Of(cohort.Currency), Account.StreamType, settings.MaxAccounts + 1L],
            row => row.GetGuid(0), ct);

    /// <param name="events">The number of events and refused commands; 0 if they were not counted.</param>
    private static Refusal TooLarge(int accounts, long events, SimulationSettings settings) => Refusal.RuleBroken(
        "simulation_too_large", "A simulation may have fewer accounts and events: choose fewer accounts.",
        ("accounts", accounts), ("maxAccounts", settings.MaxAccounts), ("events", events), ("maxEvents", settings.MaxEvents));
}
