using System.Diagnostics;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Measures the first command on an account whose stored state was lost, on the large account and on a new one, in turns. The fold of the
/// large one starts at the event that carries its state.
/// </summary>
internal static class LostState
{
    public const string Name = "lost-state";

    private const int Rounds = 20;

    /// <summary>New connections make the host forget the states that it remembers.</summary>
    private const string Lose =
        "with lost as (delete from accounts.mt_doc_account where id = $1 returning id) "
        + "select count(pg_terminate_backend(pid)) from pg_stat_activity, lost where application_name like '%-commands'";

    /// <summary>The version of the last event that carries the state of stream s.</summary>
    private const string Carried =
        "coalesce((select max(version) from bank.mt_events e where e.stream_id = s.id "
        + "and e.type = 'accounts.account-carried-forward.v1'), 0)";

    /// <param name="accounts">The large account, and two others.</param>
    public static async Task MeasureAsync(
        BankUnderTest bank, NpgsqlDataSource source, string[] accounts, RunResults results, bool profiles)
    {
        var profile = new Profile(source, results);
        if (profiles)
        {
            await profile.BeginAsync();
        }

        var begun = Stopwatch.StartNew();
        using var teller = await bank.ClientAsync("teller");
        var latencies = new Dictionary<string, List<double>> { [accounts[0]] = [], [accounts[1]] = [] };
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (account, measured) in latencies)
            {
                await using (var command = source.CreateCommand(Lose))
                {
                    command.Parameters.Add(new() { Value = Guid.ParseExact(account[4..], "N") });
                    await command.ExecuteNonQueryAsync();
                }

                // The time of the new connections is not measured.
                await DepositAsync(teller, accounts[2], $"{Name}-{round}-{account}-before");
                var watch = Stopwatch.StartNew();
                await DepositAsync(teller, account, $"{Name}-{round}-{account}");
                measured.Add(watch.Elapsed.TotalMilliseconds);
            }
        }

        if (profiles)
        {
            await profile.EndAsync(begun.Elapsed.TotalSeconds, latencies.Count * Rounds);
        }

        foreach (var (account, measured) in latencies)
        {
            measured.Sort();
            var (which, median) = (account == accounts[0] ? "large" : "new", measured[measured.Count / 2]);
            results.Add(new(Name, 1, which, 0, 0, 0, median, measured[^1], measured[^1]));
            var folded = await source.ReadAsync<long>(
                $"select version - {Carried} from bank.mt_streams s where id = '{Guid.ParseExact(account[4..], "N")}'");
            await results.PrintAsync(
                $"{Name,-16} {which,-5} account: p50 {median:0.00}  max {measured[^1]:0.00} ms, folds {folded} events at the end");
        }
    }

    private static async Task DepositAsync(HttpClient teller, string account, string key)
    {
        var isDone = false;
        while (!isDone)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/deposits")
            {
                Content = JsonContent.Create(
                    new { accountId = account, amount = new { value = "1.00", currency = "EUR" }, reason = "benchmark" }),
                Headers = { { "Idempotency-Key", key } },
            };
            using var answer = await teller.SendAsync(request);
            isDone = answer.IsSuccessStatusCode;
        }
    }
}
