using Banking.Accounts.Contracts;
using Banking.Accounts.Features;
using Banking.Accounts.Simulations;
using Banking.Accounts.Statements;
using Banking.Commands.Imports;
using Banking.Commands.Periods;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.SharedKernel;
using Marten;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Banking.Accounts;

// What the commands import and simulate of the host call.
public sealed partial class AccountsModule
{
    /// <summary>Imports accounts of another bank with all their bookings, and the schedules of their statements.</summary>
    /// <param name="progress">Called with the number of events stored since the last call.</param>
    public static async Task<ImportResult> ImportAsync(
        HistoryImport import, string importName, IReadOnlyList<AccountHistory> accounts, Action<int> progress, CancellationToken ct)
    {
        var stored = await import.RunAsync(importName, [.. accounts.Select(ImportAccounts.ToStream)], Rules, progress, ct);
        return stored.And(
            await import.RunAsync(importName, [.. ImportSchedules.ToStreams(accounts)], StatementRules, progress, ct));
    }

    /// <summary>Checks before anything is imported that no row would be effective in a closed period.</summary>
    /// <exception cref="PeriodClosedException">A row would be.</exception>
    public static Task CheckPeriodsAsync(HistoryImport import, IReadOnlyList<AccountHistory> accounts, CancellationToken ct)
    {
        return import.CheckPeriodsAsync([.. accounts.Select(ImportAccounts.ToStream)], ct);
    }

    /// <summary>The first row that differs from the row imported earlier under the same id; null if there is none.</summary>
    public static Task<HistoryDifference?> FirstDifferenceAsync(
        HistoryComparison comparison, IReadOnlyList<AccountHistory> accounts, CancellationToken ct)
    {
        return comparison.FirstAsync(
            [.. accounts.Select(ImportAccounts.ToStream), .. ImportSchedules.ToStreams(accounts)], (_, _, _) => { }, ct);
    }

    /// <summary>Replays the history of accounts with a hypothesis, over one connection, and stores nothing.</summary>
    /// <param name="request">The body of <c>POST /v1/simulations</c>.</param>
    /// <param name="json">Whether to answer the whole as JSON instead of a summary.</param>
    /// <param name="progress">Called with the number of events that were replayed, and that of all.</param>
    /// <returns>Exit code 0: nothing would be otherwise; 1: something would, or there is no answer; 2: the request was refused.</returns>
    public static Task<(int ExitCode, string Output, string Error)> SimulateAsync(
        IDocumentStore store, NpgsqlDataSource source, ArchivedEvents archive, IConfiguration configuration, TimeProvider clock,
        byte[] request, bool json, Action<long, long> progress, CancellationToken ct) =>
        OfflineSimulation.RunAsync(store, source, archive, configuration, clock, request, json, progress, ct);

    /// <summary>The sum of the current balances of imported accounts.</summary>
    public static Task<MoneySum> BalanceAsync(
        EventReader events, NpgsqlDataSource source, IReadOnlyList<AccountHistory> accounts, Currency currency, CancellationToken ct) =>
        ImportedBalances.SumAsync(events, source, accounts, currency, ct);
}
