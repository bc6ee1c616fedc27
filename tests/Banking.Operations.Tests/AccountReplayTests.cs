using System.Globalization;
using System.Text.Json;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Operations.Tests;

/// <summary>An operator replays one account, sees all data that differs from the replay, and repairs it.</summary>
public sealed class AccountReplayTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly object Why = new { reasonCode = "complaint", reason = "The customer sees another balance." };

    /// <summary>Each forgery, and the model, table and remedy of the difference that must be found.</summary>
    private static readonly (string Sql, string Difference)[] Forgeries =
    [
        ("update accounts.mt_doc_account set data = jsonb_set(data, '{balance,minor}', '999900') where id = {account}",
            "entries state repair"),
        ("delete from accounts.mt_doc_account_access where data ->> 'accountId' = {account}", "entries account_access repair"),
        ("update accounts.mt_doc_account_directory set data = jsonb_set(data, '{status}', '\"closed\"') where id = {account}",
            "account-directory account_directory repair"),
        ("update accounts.entry set balance = balance + 1 where account = {account} and version = 2; "
            + "delete from accounts.entry where account = {account} and version = 3", "entries entry repair"),
        ("insert into accounts.entry select account, 99, 1000000000, movement, kind, amount, currency, scale, balance, overdraft_limit, "
            + "effective_at, effective_tick, recorded_at, correlation from accounts.entry where account = {account} and version = 1",
            "entries entry repair"),
        ("insert into accounts.entry_day select account, 0, 7, now(), 1, 1, 1, 1, 1, effective_at, effective_at from accounts.entry "
            + "where account = {account} and version = 1", "entries entry_day repair"),
        ("update ledger.journal set credit = credit + 1 where position = (select min(position) from ledger.journal where account = "
            + "{account}); update ledger.gl_day set credits = credits + 1", "ledger journal repair"),
        ("insert into audit.event_index select 1000000000, stream, type, actor, correlation, recorded_at from audit.event_index "
            + "where position = (select min(position) from audit.event_index where stream = {account})", "audit event_index repair"),
        ("update audit.event_index set stream = {other} where position = (select max(position) from audit.event_index where stream = "
            + "{account} and position < 1000000000)", "audit event_index repair"),
    ];

    /// <summary>The session of a repair that waits for a lock: it holds the locks of its books.</summary>
    private const string WaitingRepair =
        """
        from pg_stat_activity a where wait_event_type = 'Lock' and datname = current_database()
        and exists (select from pg_locks l where l.pid = a.pid and l.locktype = 'advisory' and l.granted)
        """;

    private readonly BankClient _operator = bank.As("operator");

    [Fact]
    public async Task Every_kind_of_forged_row_is_shown_and_repaired_and_verify_finds_nothing_left()
    {
        var forgery = await PreparedAsync();
        Assert.Empty(Differences(await ReplayAsync(forgery)));

        foreach (var (sql, _) in Forgeries)
        {
            await forgery.ForgeAsync(sql);
        }

        var shown = await ReplayAsync(forgery);
        Assert.Equal(Forgeries.Select(f => f.Difference).Distinct().Order(), Differences(shown));
        Assert.Equal(5, shown.GetProperty("events").GetInt64());
        Assert.Equal(Forgeries.Select(f => f.Difference).Distinct().Order(), Differences(await ReplayAsync(forgery)));

        var repaired = await ReplayAsync(forgery, repair: true);
        Assert.Empty(Differences(repaired));
        Assert.NotEqual(0, repaired.GetProperty("repaired").GetArrayLength());
        Assert.Empty(Differences(await ReplayAsync(forgery)));
        Assert.Empty(await VerifyAsync());
        var recorded = await bank.QueryAsync<string>(
            """
            select distinct data ->> 'model' || ' ' || (data ->> 'table') from bank.mt_events
            where type = 'platform.drift-found.v1' and data ->> 'repaired' = 'true' and user_name = $1
                and headers ->> 'reasonText' = 'The customer sees another balance.'
                and (data ->> 'stream' = $2 or data ->> 'stream' is null)
            """,
            "dev-operator",
            forgery.Account.ToString());
        Assert.Superset(Forgeries.Select(f => string.Join(' ', f.Difference.Split(' ')[..2])).ToHashSet(), recorded.ToHashSet());
    }

    [Fact]
    public async Task A_document_made_of_several_accounts_is_shown_and_needs_a_rebuild()
    {
        var forgery = await PreparedAsync();
        await forgery.ForgeAsync("update accounts.mt_doc_customer_overview set data = data - 'registeredAt' where id = {customer}");

        Assert.Equal(["customer-overview customer_overview rebuild"], Differences(await ReplayAsync(forgery)));
        Assert.Equal(["customer-overview customer_overview rebuild"], Differences(await ReplayAsync(forgery, repair: true)));
        Assert.Equal(202, (await _operator.PostAsync("/ops/projections/customer-overview/rebuild", Why)).StatusCode);
        await bank.DocumentsCurrentAsync();
        Assert.Empty(Differences(await ReplayAsync(forgery)));
    }

    [Fact]
    public async Task A_document_that_stopped_its_projection_is_repaired_before_the_projection_resumes()
    {
        var forgery = await PreparedAsync();
        await forgery.ForgeAsync(
            "update accounts.mt_doc_account_directory set data = jsonb_set(data, '{status}', '\"?\"') where id = {account}");
        await UnfreezeAsync(forgery);
        await Eventually.UntilAsync(
            () => bank.QueryAsync<string>("select name from platform.projection where paused_at is not null"),
            paused => paused.Contains("account-directory"));

        Assert.Equal(["account-directory account_directory repair"], Differences(await ReplayAsync(forgery)));
        Assert.Empty(Differences(await ReplayAsync(forgery, repair: true)));
        (await _operator.PostAsync("/ops/projections/account-directory/resume", Why)).Ok();
        await bank.DocumentsCurrentAsync();
        Assert.Empty(Differences(await ReplayAsync(forgery)));
    }

    [Fact]
    public async Task A_repair_under_load_leaves_no_difference_and_loses_no_transfer()
    {
        var forgery = await PreparedAsync();
        var teller = bank.As("teller");
        var other = await teller.OpenAsync(balance: "1000.00");
        await UnfreezeAsync(forgery);
        await bank.DocumentsCurrentAsync();
        using var isDone = new CancellationTokenSource();
        var transfers = Enumerable.Range(0, 3).Select(_ => TransferUntilAsync(isDone.Token)).ToList();

        for (var i = 0; i < 2; i++)
        {
            await forgery.ForgeAsync(Forgeries[0].Sql);
            await forgery.ForgeAsync(Forgeries[2].Sql);
            await forgery.ForgeAsync(Forgeries[3].Sql);
            await forgery.ForgeAsync(Forgeries[6].Sql);
            Assert.Empty(Differences(await ReplayAsync(forgery, repair: true)));
        }

        await isDone.CancelAsync();
        var booked = (await Task.WhenAll(transfers)).Sum();
        await bank.CaughtUpAsync();
        await bank.DocumentsCurrentAsync();
        Assert.Empty(await VerifyAsync());
        var balance = (await teller.GetAsync($"/v1/accounts/{forgery.AccountId}/balance")).Ok();
        Assert.Equal(
            string.Create(CultureInfo.InvariantCulture, $"{13.00m + (0.01m * booked):F2}"),
            balance.Json.GetProperty("balance").GetProperty("value").GetString());

        async Task<int> TransferUntilAsync(CancellationToken done)
        {
            for (var count = 0; ; count++)
            {
                if (done.IsCancellationRequested)
                {
                    return count;
                }

                (await teller.TransferAsync(other, forgery.AccountId, "0.01")).Created();
            }
        }
    }

    [Fact]
    public async Task A_repair_that_is_killed_in_the_middle_repairs_nothing()
    {
        var forgery = await PreparedAsync();
        foreach (var (sql, _) in Forgeries)
        {
            await forgery.ForgeAsync(sql);
        }

        var before = Differences(await ReplayAsync(forgery));
        await using (await HeldLock.OfBookAsync(bank.ConnectionString, "ledger"))
        {
            // The ledger is the last book: state, document and the other books are repaired in the transaction that waits for it.
            var repairing = _operator.PostAsync($"/ops/accounts/{forgery.AccountId}/replay?repair=true", Why);
            var killed = await Eventually.UntilAsync(
                () => bank.QueryAsync<bool>($"select pg_terminate_backend(pid) {WaitingRepair}"), killed => killed.Count > 0);
            Assert.Equal([true], killed);
            Assert.Equal(503, (await repairing).StatusCode);
        }

        Assert.Equal(before, Differences(await ReplayAsync(forgery)));
        Assert.Empty(Differences(await ReplayAsync(forgery, repair: true)));
        await bank.CaughtUpAsync();
        Assert.Empty(await VerifyAsync());
    }

    [Fact]
    public async Task A_repair_whose_comparison_afterwards_is_killed_says_what_it_repaired_and_that_the_rest_is_not_known()
    {
        var forgery = await PreparedAsync();
        await forgery.ForgeAsync(Forgeries[6].Sql);
        var key = ("Idempotency-Key", BankClient.NewKey());
        Task<Answer> RepairAsync() => _operator.PostAsync($"/ops/accounts/{forgery.AccountId}/replay?repair=true", Why, key);
        await using var blocker = await bank.Owner.OpenConnectionAsync();
        await using var transaction = await blocker.BeginTransactionAsync();
        await using var block = new NpgsqlCommand("lock table audit.event_index in access exclusive mode", blocker, transaction);
        Task<Answer> repairing;
        await using (await HeldLock.OfBookAsync(bank.ConnectionString, "ledger"))
        {
            repairing = RepairAsync();
            await Eventually.UntilAsync(() => bank.QueryAsync<int>($"select pid {WaitingRepair}"), waiting => waiting.Count > 0);
            // The repair touches only the ledger. The comparison after it reads the audit index as well.
            await block.ExecuteNonQueryAsync();
        }

        await Eventually.UntilAsync(
            async () =>
            {
                await bank.QueryAsync<bool>(
                    "select pg_terminate_backend(pid) from pg_stat_activity where $1 = any(pg_blocking_pids(pid))", blocker.ProcessID);
                return repairing.IsCompleted;
            },
            isDone => isDone);
        await transaction.RollbackAsync();

        var repaired = (await repairing).Ok();
        Assert.NotEqual(0, repaired.Json.GetProperty("repaired").GetArrayLength());
        Assert.False(repaired.Json.TryGetProperty("differences", out _));
        Assert.Contains("The comparison after it failed", repaired.Text("note"), StringComparison.Ordinal);
        Assert.Equal(repaired.Body, (await RepairAsync()).Ok().Body);
        Assert.Empty(Differences(await ReplayAsync(forgery)));
    }

    [Fact]
    public async Task A_repair_whose_commit_gets_no_answer_has_an_unknown_outcome()
    {
        var forgery = await PreparedAsync();
        await forgery.ForgeAsync(Forgeries[6].Sql);
        await forgery.ForgeAsync(
            """
            create function public.end_session() returns trigger language plpgsql as
                'begin perform pg_terminate_backend(pg_backend_pid()); return null; end';
            create constraint trigger end_session after insert on bank.mt_events deferrable initially deferred for each row
                when (new.type = 'platform.drift-found.v1' and new.data ->> 'repaired' = 'true') execute function public.end_session()
            """);

        var unknown = await _operator.PostAsync($"/ops/accounts/{forgery.AccountId}/replay?repair=true", Why);

        await forgery.ForgeAsync("drop function public.end_session cascade");
        Assert.Equal((503, "outcome_unknown"), StatusAndCode(unknown));
        Assert.Equal(JsonValueKind.Null, unknown.Json.GetProperty("applied").ValueKind);
        Assert.Empty(Differences(await ReplayAsync(forgery, repair: true)));
    }

    [Fact]
    public async Task A_forged_state_is_repaired_while_a_candidate_of_its_book_waits()
    {
        var forgery = await PreparedAsync();
        await forgery.ForgeAsync(Forgeries[0].Sql);
        await CandidateAsync("entries");

        Assert.Empty(Differences(await ReplayAsync(forgery, repair: true)));

        await bank.ExecuteAsync("delete from platform.read_model where generation = 99");
        Assert.Empty(Differences(await ReplayAsync(forgery)));
    }

    /// <summary>Adds a candidate that waits for a decision.</summary>
    private Task CandidateAsync(string book) => bank.ExecuteAsync(
        "insert into platform.read_model (name, generation, model_version, state, updated_at, requested_at, requested_by, reason, "
            + $"has_sums) values ('{book}', 99, 1, 'differs', now(), now(), 'test', 'test', false)");

    [Fact]
    public async Task A_book_with_a_candidate_that_differs_prevents_the_repair()
    {
        var forgery = await PreparedAsync();
        await forgery.ForgeAsync(Forgeries[0].Sql);
        await forgery.ForgeAsync(Forgeries[6].Sql);
        await CandidateAsync("ledger");

        var refused = await _operator.PostAsync($"/ops/accounts/{forgery.AccountId}/replay?repair=true", Why);
        Assert.Equal((409, "repair_not_possible_now"), StatusAndCode(refused));
        Assert.Equal(["entries state repair", "ledger journal repair"], Differences(await ReplayAsync(forgery)));

        await bank.ExecuteAsync("delete from platform.read_model where generation = 99");
        Assert.Empty(Differences(await ReplayAsync(forgery, repair: true)));
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_ends_the_replay_and_is_named()
    {
        var forgery = await PreparedAsync();
        const string Event = "where stream_id = {account} and version = 2";
        var id = (await bank.QueryAsync<Guid>(forgery.Filled($"select id from bank.mt_events {Event}")))[0];
        await forgery.ForgeAsync($"update bank.mt_events set data = jsonb_build_object('amount', 7, 'was', data) {Event}");
        foreach (var query in (string[])["", "?repair=true"])
        {
            var answer = await _operator.PostAsync($"/ops/accounts/{forgery.AccountId}/replay{query}", Why);
            Assert.Equal((503, "event_unreadable"), StatusAndCode(answer));
            Assert.Contains($"evt_{id:n}", answer.Body, StringComparison.Ordinal);
        }

        // The other tests compare the whole bank.
        await forgery.ForgeAsync($"update bank.mt_events set data = data -> 'was' {Event}");
    }

    [Fact]
    public async Task Callers_without_right_or_reason_and_unknown_accounts_and_words_are_refused()
    {
        var replay = $"/ops/accounts/{await bank.As("teller").OpenAsync()}/replay";
        Assert.Equal(403, (await bank.As("teller").PostAsync(replay, Why)).StatusCode);
        Assert.Equal((422, "reason_required"), StatusAndCode(await _operator.PostAsync(replay, new { reasonCode = "complaint" })));
        Assert.Equal((400, "malformed_repair"), StatusAndCode(await _operator.PostAsync($"{replay}?repair=yes", Why)));
        Assert.Equal((400, "unknown_parameter"), StatusAndCode(await _operator.PostAsync($"{replay}?mend=true", Why)));
        Assert.Equal(
            (404, "account_not_found"), StatusAndCode(await _operator.PostAsync($"/ops/accounts/acc_{Guid.Empty:n}/replay", Why)));

        var first = (await _operator.PostAsync($"{replay}?repair=true", Why, ("Idempotency-Key", "replayed-once"))).Ok();
        var second = (await _operator.PostAsync($"{replay}?repair=true", Why, ("Idempotency-Key", "replayed-once"))).Ok();
        Assert.Equal((first.Body, "true"), (second.Body, second.Header("Idempotency-Replayed")));
    }

    /// <summary>Adds an event that the account directory projects.</summary>
    private async Task UnfreezeAsync(Forgery forgery) =>
        (await bank.As("teller").PostAsync(
            $"/v1/accounts/{forgery.AccountId}/unfreeze",
            new
            {
                scope = "credit",
                reasonCode = "order",
                reason = "The order ended",
            })).Ok();

    private async Task<Forgery> PreparedAsync()
    {
        var forgery = await new Forgery(bank).CreateAsync();
        await bank.DocumentsCurrentAsync();
        return forgery;
    }

    private async Task<JsonElement> ReplayAsync(Forgery forgery, bool repair = false) =>
        (await _operator.PostAsync($"/ops/accounts/{forgery.AccountId}/replay{(repair ? "?repair=true" : "")}", Why)).Ok().Json;

    private async Task<IEnumerable<string>> VerifyAsync() =>
        (await bank.Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None))
        .Differences.Select(d => JsonSerializer.Serialize(d));

    private static IEnumerable<string> Differences(JsonElement answer) =>
        [.. answer.GetProperty("differences").EnumerateArray().Select(d =>
            $"{d.GetProperty("model").GetString()} {d.GetProperty("table").GetString()} "
            + (d.TryGetProperty("remedy", out var remedy) ? remedy.GetString() : "none")).Distinct().Order()];

    private static (int, string) StatusAndCode(Answer answer) => (answer.StatusCode, answer.Code);
}
