using Banking.Commands.Receipts;
using Banking.EventStore.Log;
using Banking.Host.Security;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using JasperFx.Events;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Accounts.Tests;

/// <summary>Stored answers expire by month; receipts stay. A repeat then gets the status and the resource as it is now.</summary>
public sealed class ExpiredAnswerTests(OldBank bank) : IClassFixture<OldBank>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_repeat_after_the_answer_expired_gets_the_status_and_the_resource_as_it_is_now()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var (pay, freeze) = (Key(), Key());
        var paid = (await _teller.TransferAsync(from, to, "4.00", headers: pay)).Created();
        var why = new { scope = "all", reasonCode = "wish", reason = "A wish" };
        (await _teller.PostAsync($"/v1/accounts/{from}/freeze", why, freeze)).Ok();
        (await _teller.PostAsync($"/v1/accounts/{from}/unfreeze", why)).Ok();
        await bank.ExpireAsync();

        var paidAgain = (await _teller.TransferAsync(from, to, "4.00", headers: pay)).Created();
        var frozenAgain = (await _teller.PostAsync($"/v1/accounts/{from}/freeze", why, freeze)).Ok();

        Assert.Equal(("true", paid.Body), (paidAgain.Header("Idempotency-Replayed"), paidAgain.Body));
        Assert.Equal(
            (paid.Header("ETag"), paid.Header("Ledger-Position"), paid.Header("Location")),
            (paidAgain.Header("ETag"), paidAgain.Header("Ledger-Position"), paidAgain.Header("Location")));
        Assert.Equal((await _teller.GetAsync(paid.Header("Location")!)).Body, paidAgain.Body);
        var now = await _teller.GetAsync($"/v1/accounts/{from}");
        Assert.Equal(("true", now.Body, now.Header("ETag")), (
            frozenAgain.Header("Idempotency-Replayed"), frozenAgain.Body, frozenAgain.Header("ETag")));
        Assert.Equal("6.00", await _teller.BalanceAsync(from));
    }

    [Fact]
    public async Task Every_kind_of_command_is_answered_with_the_members_of_its_first_answer()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var why = new { reasonCode = "typo", reason = "A typo" };
        var deposit = (await _teller.DepositAsync(account, "3.00")).Created().Text("id");
        (BankClient Caller, string Path, object Body)[] commands =
        [
            (_teller, "/v1/customers", new { name = "Ada" }),
            (_teller, "/v1/accounts", new { customerId = await _teller.RegisterAsync(), currency = "EUR" }),
            (_teller, "/v1/deposits", new { accountId = account, amount = Euro("1.00"), reason = "test" }),
            (_teller, "/v1/withdrawals", new { accountId = account, amount = Euro("1.00"), reason = "test" }),
            (_teller, $"/v1/transactions/{deposit}/corrections",
                new { kind = "amount", amount = Euro("2.00"), why.reasonCode, why.reason }),
        ];
        await AssertAnsweredAgainAsync(commands);
    }

    [Fact]
    public async Task Commands_of_every_other_module_are_answered_with_the_members_of_their_first_answer()
    {
        var (account, operators) = (await _teller.OpenAsync(balance: "10.00"), bank.As("operator"));
        var why = new { reasonCode = "test", reason = "A test" };
        var subscription = (await _teller.PostAsync("/v1/notification-subscriptions", new { account })).Created().Text("id");
        var webhook = new { url = "http://127.0.0.1:9/hook", accounts = new[] { account } };
        var rotated = (await operators.PostAsync("/v1/webhooks", webhook)).Created().Text("id");
        var removed = (await operators.PostAsync("/v1/webhooks", webhook)).Created().Text("id");
        var proposed = new List<Answer>();
        for (var i = 0; i < 2; i++)
        {
            proposed.Add(await _teller.PostAsync("/v1/deposits?propose=true", Deposit("2.00")));
        }

        var opened = bank.Clock.Now;
        bank.Clock.Advance(TimeSpan.FromDays(2));
        (BankClient Caller, string Path, object Body)[] commands =
        [
            (_teller, $"/v1/accounts/{account}/statements", new { from = $"{opened:yyyy-MM-dd}", to = $"{opened.AddDays(1):yyyy-MM-dd}" }),
            (_teller, $"/v1/accounts/{account}/statement-schedule", new { frequency = "weekly" }),
            (_teller, "/v1/notification-subscriptions", new { account }),
            (_teller, $"/v1/notification-subscriptions/{subscription}/cancel", new { }),
            (operators, "/v1/webhooks", webhook),
            (operators, $"/v1/webhooks/{rotated}/secret/rotate", new { }),
            (operators, $"/v1/webhooks/{removed}/remove", why),
            (_teller, "/v1/deposits?propose=true", Deposit("3.00")),
            (Bob, $"/v1/proposals/{proposed[0].Text("id")}/approve", new { commandHash = proposed[0].Text("commandHash") }),
            (Bob, $"/v1/proposals/{proposed[1].Text("id")}/reject", why),
            (operators, "/v1/periods/2026-02/close", why),
        ];
        await AssertAnsweredAgainAsync(commands);

        object Deposit(string value) => new { accountId = account, amount = Euro(value), reason = "test" };
    }

    [Fact]
    public async Task A_refusal_is_answered_as_before_and_other_content_is_still_refused()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "1.00"), await _teller.OpenAsync());
        var key = Key();
        var no = await _teller.TransferAsync(from, to, "4.00", headers: key);
        await bank.ExpireAsync();

        var again = await _teller.TransferAsync(from, to, "4.00", headers: key);
        var other = await _teller.TransferAsync(from, to, "0.50", headers: key);

        Assert.Equal((422, no.Body, "true"), (again.StatusCode, again.Body, again.Header("Idempotency-Replayed")));
        Assert.Equal((422, "idempotency_key_reused"), (other.StatusCode, other.Code));
        Assert.Equal("1.00", await _teller.BalanceAsync(from));
    }

    [Fact]
    public async Task Another_host_answers_the_repeat_of_a_batch_in_the_same_way_with_one_connection_for_queries_at_a_time()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var name = BankClient.NewKey();
        object Batch() => new
        {
            mode = "atomic",
            items = Enumerable.Range(0, 3).Select(i => new
            {
                idempotencyKey = $"{name}-{i}",
                command = new { fromAccountId = from, toAccountId = to, amount = Euro("1.00"), reason = "test" },
            }),
        };
        var first = (await _teller.PostAsync("/v1/transfers/batch", Batch())).Ok();
        await bank.ExpireAsync();
        await using var other = await bank.StartAnotherAsync();
        await using var held = await HeldConnections.AllButOneAsync(other);

        var again = (await BankFixture.On(other, "teller").PostAsync("/v1/transfers/batch", Batch())).Ok();

        Assert.Equal(Bodies(first), Bodies(again));
        Assert.Equal("7.00", await _teller.BalanceAsync(from));
    }

    [Fact]
    public async Task Repeats_while_the_answers_are_dropped_all_get_the_same_answer()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var key = Key();
        var paid = (await _teller.TransferAsync(from, to, "4.00", headers: key)).Created();
        var repeats = Task.Run(async () =>
        {
            var bodies = new HashSet<string>();
            for (var i = 0; i < 50; i++)
            {
                bodies.Add((await _teller.TransferAsync(from, to, "4.00", headers: key)).Created().Body);
            }

            return bodies;
        });

        await bank.ExpireAsync();

        Assert.Equal([paid.Body], await repeats);
        Assert.Equal("6.00", await _teller.BalanceAsync(from));
    }

    [Fact]
    public async Task Receipts_without_answers_are_legal_only_in_months_that_were_dropped()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        await bank.ExpireAsync();
        var verification = bank.Host.Services.GetRequiredService<Verification>();
        async Task<int> DifferencesAsync() =>
            (await verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences.Count(d => d.Model == "receipts");
        Assert.Equal(0, await DifferencesAsync());

        await ExecuteAsync(bank.Owner, "create table public.dropped as select * from platform.receipt_answer_dropped");
        await ExecuteAsync(bank.Owner, "delete from platform.receipt_answer_dropped");
        var found = await DifferencesAsync();
        // A month that was forged: its answers could not be dropped yet.
        await ExecuteAsync(bank.Owner, "insert into platform.receipt_answer_dropped select month, month + 40 from public.dropped");
        var tooEarly = await DifferencesAsync();
        await ExecuteAsync(
            bank.Owner,
            "delete from platform.receipt_answer_dropped; "
                + "insert into platform.receipt_answer_dropped select * from public.dropped; drop table public.dropped");

        Assert.NotEqual((0, 0), (found, tooEarly));
        Assert.Equal(found, tooEarly);
        Assert.Equal("10.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task No_answers_are_dropped_while_their_receipts_are_compared()
    {
        var account = Stored.Id(await _teller.OpenAsync(balance: "10.00"));
        var services = bank.Host.Services;
        var receipts = services.GetServices<StoredComparison>().OfType<ReceiptComparison>().Single();
        var comparing = new StreamVerification(
            [], [new Dropping(bank), receipts], services.GetRequiredService<Snapshots>(), services.GetRequiredService<LogReader>());

        var (events, differences) = await comparing.CompareAsync(StreamSelection.Of(account), [account], CancellationToken.None);

        Assert.Equal(2, events);
        Assert.Empty(differences);
    }

    /// <summary>Lets answers expire over another connection, after the snapshot of a comparison was taken.</summary>
    private sealed class Dropping(OldBank bank) : StoredComparison
    {
        public override string Name => "dropping";

        public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
            NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events,
            CancellationToken ct)
        {
            await bank.KeepAsync(31);
            return [];
        }
    }

    [Fact]
    public async Task The_function_drops_no_young_answers_and_does_not_wait_for_readers()
    {
        await _teller.OpenAsync(balance: "1.00");
        await using (var connection = await bank.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using var read = new NpgsqlCommand("lock table platform.receipt_answer in access share mode", connection);
            await read.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            Assert.Empty(await bank.KeepAsync(31));
            await _teller.OpenAsync(balance: "1.00");
        }

        // A caller cannot ask for less than 31 days.
        await ExecuteAsync(
            bank.Owner, "insert into platform.receipt_answer values (gen_random_uuid(), now() - interval '1 day', '{}')");
        Assert.DoesNotContain(DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-1)), await bank.KeepAsync(1));
        Assert.Equal(
            [1L],
            await bank.QueryAsync<long>("select count(*) from platform.receipt_answer where recorded_at > now() - interval '2 days'"));
        await ExecuteAsync(bank.Owner, "delete from platform.receipt_answer where recorded_at > now() - interval '2 days'");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("30")]
    public void A_setting_that_would_drop_young_answers_is_refused(string days)
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Banking:Idempotency:KeepAnswersDays", days)]).Build();

        var refused = Assert.Throws<FormatException>(() => IdempotencySettings.Of(settings));

        Assert.Contains("at least 31", refused.Message, StringComparison.Ordinal);
    }

    private BankClient Bob => bank.WithToken(
        bank.Host.Services.GetRequiredService<DevTokens>().Issue("teller", null, "bob", TimeProvider.System.GetUtcNow()));

    /// <summary>Sends the commands, lets their answers expire, and sends them again.</summary>
    private async Task AssertAnsweredAgainAsync((BankClient Caller, string Path, object Body)[] commands)
    {
        var keys = commands.Select(_ => Key()).ToList();
        var first = new List<Answer>();
        foreach (var ((caller, path, body), key) in commands.Zip(keys))
        {
            first.Add(await caller.PostAsync(path, body, key));
            Assert.True(first[^1].StatusCode < 300, $"{path}: {first[^1].Body}");
        }

        await bank.ExpireAsync();

        var again = new List<Answer>();
        foreach (var ((caller, path, body), key) in commands.Zip(keys))
        {
            again.Add(await caller.PostAsync(path, body, key));
        }

        Assert.Equal(commands.Zip(first, (c, a) => Shape(c.Path, a)), commands.Zip(again, (c, a) => Shape(c.Path, a)));
        Assert.All(again, a => Assert.Equal("true", a.Header("Idempotency-Replayed")));
    }

    private static string Shape(string path, Answer answer) =>
        $"{path} {answer.StatusCode} {answer.Header("Location")} {string.Join(' ', answer.Members())}";

    private static (string Name, string Value) Key() => ("Idempotency-Key", BankClient.NewKey());

    private static object Euro(string value) => new { value, currency = "EUR" };

    private static IEnumerable<(string Status, string Body)> Bodies(Answer batch) => batch.Json.GetProperty("results").EnumerateArray()
        .Select(r => (r.GetProperty("status").GetRawText(), r.GetProperty("body").GetRawText()));

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>A bank whose clock shows a month that is long over, so that its answers have expired.</summary>
public sealed class OldBank : BankFixture
{
    public OldBank() => Clock.Set(new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));

    protected override string[] Settings => [.. base.Settings, "--Banking:Idempotency:KeepAnswersDays", "31", .. LocalWebhooks];

    /// <summary>Drops the answers stored so far. A reader that holds a lock, or another caller, defers it.</summary>
    public Task ExpireAsync() => Eventually.UntilAsync(
        async () =>
        {
            await Host.Services.GetRequiredService<AnswerKeeping>().RunAsync(CancellationToken.None);
            return await this.QueryAsync<long>("select count(*) from platform.receipt_answer where recorded_at < '2026-06-01'");
        },
        left => left is [0]);

    /// <summary>Calls the function with the rights of the host's role.</summary>
    public async Task<List<DateOnly>> KeepAsync(int days)
    {
        await using var command = Database.CreateCommand("select month from platform.keep_receipt_answers($1) as month");
        command.Parameters.Add(new() { Value = days });
        await using var reader = await command.ExecuteReaderAsync();
        var months = new List<DateOnly>();
        while (await reader.ReadAsync())
        {
            months.Add(reader.GetFieldValue<DateOnly>(0));
        }

        return months;
    }
}
