using System.Text.Json;
using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// Every forgery in the database is reported by a comparison, and does not prevent the comparison of other data.
/// </summary>
public sealed class ForgeryTests(ForgedBank bank) : IClassFixture<ForgedBank>
{
    private const string Receipts =
        "platform.receipt where event_id in (select id from bank.mt_events where stream_id = {account} and version = 2)";

    /// <summary>
    /// The SQL of each forgery, and the model, table and stream of the difference that must be found.
    /// </summary>
    public static TheoryData<string, string, string, string> Forgeries =>
        new()
        {
            { "delete from bank.mt_events where stream_id = {account} and version = 2", "log", "event", "account" },
            { "delete from bank.mt_events where stream_id = {account} and version = 5", "log", "stream", "account" },
            { "delete from bank.mt_events where stream_id = {account}", "log", "event", "account" },
            {
                "update bank.mt_events set version = -version where stream_id = {account} and version in (2, 3); update bank.mt_events set "
                    + "version = 5 + version where stream_id = {account} and version < 0",
                "log",
                "event",
                "account"
            },
            { "update bank.mt_events set version = 7 where stream_id = {account} and version = 2", "log", "event", "account" },
            {
                "update bank.mt_events set seq_id = seq_id + 1000000000 where stream_id = {account} and version = 2",
                "log",
                "event",
                "account"
            },
            { "update bank.mt_events set data = '{\"amount\": 7}' where stream_id = {account} and version = 2", "log", "event", "account" },
            {
                "update bank.mt_events set type = 'accounts.of-another-bank.v1' where stream_id = {account} and version = 2",
                "log",
                "event",
                "account"
            },
            {
                "update bank.mt_events set type = 'customers.customer-registered.v1' where stream_id = {account} and version = 2",
                "log",
                "event",
                "account"
            },
            {
                "update bank.mt_events set stream_id = {other}, version = 4 where stream_id = {account} and version = 5",
                "log",
                "stream",
                "account"
            },
            {
                "update bank.mt_events set stream_id = {other}, version = 4 where stream_id = {account} and version = 5",
                "log",
                "stream",
                "other"
            },
            {
                "update bank.mt_events set timestamp = timestamp - interval '1 year' where stream_id = {account} and version = 4",
                "log",
                "event",
                "account"
            },
            {
                "update bank.mt_events set timestamp = timestamp + interval '1 year' where stream_id = {account} and version = 5",
                "log",
                "stream",
                "account"
            },
            { "delete from bank.mt_streams where id = {account}", "log", "stream", "account" },
            { "update bank.mt_streams set version = version + 1 where id = {account}", "log", "stream", "account" },
            { "update bank.mt_streams set type = 'customer' where id = {account}", "log", "event", "account" },
            { "update bank.mt_streams set type = 'vault' where id = {account}", "log", "stream", "account" },
            { "update bank.mt_streams set type = null where id = {account}", "log", "stream", "account" },
            { "update bank.mt_streams set is_archived = true where id = {account}", "log", "stream", "account" },
            { "update bank.mt_events set is_archived = true where stream_id = {account} and version = 2", "log", "event", "account" },
            {
                "update bank.mt_events set id = gen_random_uuid() where stream_id = {account} and version = 2",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update bank.mt_events set headers = jsonb_set(headers, '{reasonText}', '\"Forged\"') where stream_id = {account} and "
                    + "version = 3",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update bank.mt_events set headers = jsonb_set(headers, '{idempotencyKey}', '\"forged\"') where stream_id = {account} and "
                    + "version = 2",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update bank.mt_events set headers = jsonb_set(headers, '{operation}', '\"POST /v1/withdrawals\"') where stream_id = "
                    + "{account} and version = 2",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update bank.mt_events set headers = headers - 'idempotencyKey' where stream_id = {account} and version = 2",
                "log",
                "event",
                "account"
            },
            { "update bank.mt_events set headers = null where stream_id = {account} and version = 2", "log", "event", "account" },
            {
                "update bank.mt_events set headers = jsonb_set(headers, '{channel}', '\"import\"') where stream_id = {account} and version "
                    + "= 4",
                "log",
                "event",
                "account"
            },
            {
                "update bank.mt_events set user_name = 'somebody' where stream_id = {account} and version = 2",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update bank.mt_events set headers = jsonb_set(headers, '{role}', '\"auditor\"') where stream_id = {account} and version = "
                    + "4",
                "log",
                "event",
                "account"
            },
            { "delete from " + Receipts, "receipts", "receipt", "account" },
            {
                "delete from platform.receipt_answer where id in (select id from " + Receipts + ")",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update platform.receipt_answer set body = 'nonsense' where id in (select id from " + Receipts + ")",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update platform.receipt_answer set body = jsonb_set(body::jsonb, '{amount,value}', '\"99.00\"')::text "
                    + "where id in (select id from " + Receipts + ")",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update platform.receipt set status = 422 where event_id in (select id from bank.mt_events where stream_id = {account} and "
                    + "version = 2)",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update platform.receipt set event_id = gen_random_uuid() where event_id in (select id from bank.mt_events where stream_id "
                    + "= {account} and version = 2)",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update platform.receipt set event_id = null where event_id in (select id from bank.mt_events where stream_id = {account} "
                    + "and version = 2)",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update platform.receipt set event_id = (select id from bank.mt_events where stream_id = {account} and version = 3) where "
                    + "event_id in (select id from bank.mt_events where stream_id = {account} and version = 2)",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update platform.receipt set recorded_at = recorded_at - interval '1 day' where event_id in (select id from bank.mt_events "
                    + "where stream_id = {account} and version = 2)",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update platform.receipt set id = gen_random_uuid() where event_id in (select id from bank.mt_events where stream_id = "
                    + "{account} and version = 2)",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{to}', to_jsonb({customer}::text)) where stream_id = {account} and "
                    + "version = 4",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{to}', to_jsonb({customer}::text)) where stream_id = {account} and "
                    + "version = 4",
                "log",
                "event",
                "other"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{toNumber}', (select data -> 'number' from accounts.mt_doc_account "
                    + "where id = {account})) where stream_id = {account} and version = 4",
                "log",
                "event",
                "other"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{transferId}', to_jsonb({customer}::text)) where stream_id = {account} "
                    + "and version = 4",
                "log",
                "event",
                "other"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{from}', to_jsonb({customer}::text)) where stream_id = {other} and "
                    + "version = 3",
                "receipts",
                "receipt",
                "other"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{amount,minor}', '1') where stream_id = {other} and version = 3",
                "receipts",
                "receipt",
                "other"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{effectiveAt}', to_jsonb((data ->> 'effectiveAt')::timestamptz - "
                    + "interval '1 second')) where stream_id = {other} and version = 3",
                "receipts",
                "receipt",
                "other"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{details}', '{\"reference\": \"forged\"}') where stream_id = {other} "
                    + "and version = 3",
                "receipts",
                "receipt",
                "other"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{fromNumber}', (select data -> 'number' from accounts.mt_doc_account "
                    + "where id = {other})) where stream_id = {other} and version = 3",
                "log",
                "event",
                "other"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{transferId}', to_jsonb({customer}::text)) where stream_id = {other} "
                    + "and version = 3",
                "receipts",
                "receipt",
                "other"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{details}', '{\"reference\": \"forged\"}') where stream_id = {account} "
                    + "and version = 3",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{details}', '{\"purpose\": {\"code\": \"SALA\"}}') where stream_id = "
                    + "{account} and version = 3",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{details}', '{\"endToEndId\": \"forged\"}') where stream_id = {account} "
                    + "and version = 4",
                "receipts",
                "receipt",
                "account"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{effectiveAt}', to_jsonb((data ->> 'effectiveAt')::timestamptz - "
                    + "interval '1 second')) where stream_id = {account} and version = 3",
                "receipts",
                "receipt",
                "account"
            },
            { "delete from platform.mt_doc_refusal where id = {refusal}", "refusals", "refusal", "refusal" },
            {
                "update platform.mt_doc_refusal set data = jsonb_set(data, '{code}', '\"account_closed\"') where id = {refusal}",
                "refusals",
                "refusal",
                "refusal"
            },
            {
                "update platform.mt_doc_refusal set data = jsonb_set(data, '{actor}', '\"nobody\"') where id = {refusal}",
                "refusals",
                "refusal",
                "refusal"
            },
            {
                "update platform.mt_doc_refusal set data = jsonb_set(data, '{recordedAt}', '\"soon\"') where id = {refusal}",
                "refusals",
                "refusal",
                "refusal"
            },
            {
                "update platform.mt_doc_refusal set data = jsonb_set(data, '{streamId}', to_jsonb({other}::text)) where id = {refusal}",
                "refusals",
                "refusal",
                "refusal"
            },
            {
                "update platform.mt_doc_refusal set data = jsonb_set(data, '{facts}', '\"{}\"') where id = {refusal}",
                "receipts",
                "receipt",
                "refusal"
            },
            {
                "update platform.mt_doc_refusal set data = jsonb_set(data, '{detail}', '\"No.\"') where id = {refusal}",
                "receipts",
                "receipt",
                "refusal"
            },
            {
                "delete from bank.mt_events where stream_id = {refusal}; delete from bank.mt_streams where id = {refusal}",
                "refusals",
                "refusal",
                "refusal"
            },
            {
                "update bank.mt_events set data = jsonb_set(data, '{subject}', to_jsonb({other}::text)) where stream_id = {refusal}",
                "refusals",
                "refusal",
                "refusal"
            },
            { "delete from platform.receipt where event_id = {refusal}", "receipts", "receipt", "refusal" },
            {
                "update platform.receipt set event_id = gen_random_uuid() where event_id = {refusal}",
                "receipts",
                "receipt",
                "refusal"
            },
            { "delete from customers_keys.mt_doc_customer_key where id = {customer}", "customers", "customer_key", "customer" },
            {
                "update customers_keys.mt_doc_customer_key set data = jsonb_build_object('id', id, 'key', '"
                    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
                    + "') where id = {customer}",
                "customers",
                "customer_key",
                "customer"
            },
            {
                "update customers_keys.mt_doc_customer_key set data = jsonb_set(data, '{wrapped}', to_jsonb(repeat('A', 200))) "
                    + "where id = {customer}",
                "customers",
                "customer_key",
                "customer"
            },
            { "delete from customers.mt_doc_customer where id = {customer}", "customer", "state", "customer" },
            {
                "update customers.mt_doc_customer set data = jsonb_set(data, '{externalId}', '\"1\"') where id = {customer}",
                "customer",
                "state",
                "customer"
            },
            { "delete from accounts.mt_doc_account where id = {account}", "entries", "state", "account" },
            {
                "update accounts.mt_doc_account set data = jsonb_set(data, '{balance,minor}', '999900') where id = {account}",
                "entries",
                "state",
                "account"
            },
            {
                "update accounts.mt_doc_account set data = jsonb_set(data, '{owner}', to_jsonb({other}::text)) where id = {account}",
                "entries",
                "state",
                "account"
            },
            {
                "update accounts.mt_doc_account set data = jsonb_set(data, '{creditFrozen}', 'false') where id = {account}",
                "entries",
                "state",
                "account"
            },
            {
                "update accounts.mt_doc_account set data = jsonb_set(data, '{version}', '1') where id = {account}",
                "entries",
                "state",
                "account"
            },
            { "delete from accounts.mt_doc_account_access where data ->> 'accountId' = {account}", "entries", "account_access", "account" },
            { "delete from accounts.mt_doc_account_number where data ->> 'accountId' = {account}", "entries", "account_number", "account" },
            {
                "update accounts.mt_doc_account_number set data = jsonb_set(data, '{accountId}', to_jsonb({other}::text)) where data ->> "
                    + "'accountId' = {account}",
                "entries",
                "account_number",
                "account"
            },
            {
                "insert into accounts.mt_doc_account_access (id, data, mt_dotnet_type) values ('forged:' || {account}, "
                    + "jsonb_build_object('id', 'forged:' || {account}, 'accountId', {account}, 'customerId', {other}), 'x')",
                "lookups",
                "account_access",
                "account"
            },
            {
                "insert into accounts.mt_doc_account_number (id, data, mt_dotnet_type) values ('XX' || {account}, jsonb_build_object('id', "
                    + "'XX', 'accountId', {account}), 'x')",
                "lookups",
                "account_number",
                "account"
            },
            { "delete from accounts.mt_doc_account_directory where id = {account}", "account-directory", "account_directory", "account" },
            {
                "update accounts.mt_doc_account_directory set data = jsonb_set(data, '{status}', '\"Closed\"') where id = {account}",
                "account-directory",
                "account_directory",
                "account"
            },
            {
                "update accounts.mt_doc_account_directory set data = jsonb_set(data, '{overdraftLimit,minor}', '1') where id = {account}",
                "account-directory",
                "account_directory",
                "account"
            },
            {
                "update accounts.mt_doc_account_directory set id = gen_random_uuid() where id = {account}",
                "account-directory",
                "account_directory",
                "account"
            },
            {
                "insert into accounts.mt_doc_account_directory (id, data, mt_dotnet_type) select {refusal}, data, 'x' from "
                    + "accounts.mt_doc_account_directory where id = {account}",
                "account-directory",
                "account_directory",
                "refusal"
            },
            {
                "delete from accounts.mt_doc_customer_overview where id = {customer}",
                "customer-overview",
                "customer_overview",
                "customer"
            },
            {
                "update accounts.mt_doc_customer_overview set data = jsonb_set(data, '{accounts,0,account,creditFrozen}', 'false') "
                    + "where id = {customer}",
                "customer-overview",
                "customer_overview",
                "customer"
            },
            {
                "update accounts.mt_doc_customer_overview set data = jsonb_set(data, '{accounts}', '[]') where id = {customer}",
                "customer-overview",
                "customer_overview",
                "customer"
            },
            {
                "update accounts.mt_doc_customer_overview set data = data - 'registeredAt' where id = {customer}",
                "customer-overview",
                "customer_overview",
                "customer"
            },
            {
                "update accounts.mt_doc_customer_overview set id = gen_random_uuid() where id = {customer}",
                "customer-overview",
                "customer_overview",
                "customer"
            },
            {
                "insert into accounts.mt_doc_customer_overview (id, data, mt_dotnet_type) select {refusal}, data, 'x' from "
                    + "accounts.mt_doc_customer_overview where id = {customer}",
                "customer-overview",
                "customer_overview",
                "refusal"
            },
            { "update accounts.entry set balance = balance + 1 where account = {account} and version = 2", "entries", "entry", "account" },
            {
                "delete from audit.event_index where stream = {account} and position = (select min(position) from audit.event_index where "
                    + "stream = {account})",
                "audit",
                "event_index",
                "account"
            },
        };

    [Theory]
    [MemberData(nameof(Forgeries))]
    public void Every_forgery_is_reported(string sql, string model, string table, string stream)
    {
        var forgery = bank.Forged[sql];
        var id = stream switch
        {
            "account" => forgery.Account,
            "other" => forgery.Other,
            "customer" => forgery.Customer,
            _ => forgery.Refusal,
        };
        Assert.True(
            bank.Differences.Any(d => (d.Model, d.Table, d.Stream) == (model, table, id)),
            $"{model} {table} {id} is not among: "
                + JsonSerializer.Serialize(bank.Differences.Where(d => d.Stream == id || d.Stream is null)));
    }

    [Fact]
    public void Other_data_is_compared_despite_the_forgeries()
    {
        Assert.Equal(
            [("entries", "entry", bank.Drifted.Account)], Of(bank.Drifted).Select(d => (d.Model, d.Table, d.Stream!.Value)).Distinct());
        Assert.Empty(Of(bank.Untouched));
    }

    private IEnumerable<Difference> Of(Forgery forgery) => bank.Differences.Where(
        d => d.Stream == forgery.Account || d.Stream == forgery.Other || d.Stream == forgery.Customer || d.Stream == forgery.Refusal);

    /// <summary>Only the receipt of the refusal is left.</summary>
    [Fact]
    public void A_receipt_whose_refusal_event_and_stream_were_deleted_is_reported() =>
        Assert.Contains(bank.Differences, d =>
            (d.Model, d.Table, d.Id) == ("receipts", "receipt", bank.ErasedReceipt)
            && d.Expected!.Contains("its refusal is in the log", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(ForgedNotifications))]
    public void A_forged_notification_is_reported(string sql, string rule)
    {
        var id = bank.Notifications[sql];
        Assert.Contains(bank.Differences, d =>
            (d.Model, d.Table, d.Id) == ("notifications", "notification", id) && d.Expected!.Contains(rule, StringComparison.Ordinal));
    }

    public static TheoryData<string, string> ForgedNotifications => new()
    {
        { "position = position - 1", "its event is in the log" },
        { "event_id = 'evt_' || replace(gen_random_uuid()::text, '-', '')", "its event is in the log" },
        { "recorded_at = recorded_at - interval '1 day'", "its event is in the log" },
        { "subscription = gen_random_uuid()", "its id is derived from its subscription and its event" },
        { "customer = gen_random_uuid()", "its subscription covers its event" },
        { "type = 'banking.account.money-withdrawn.v1'", "its type is the type of its event" },
        { "value = '1000000.00'", "its amount and direction are the ones of its event" },
        { "currency = 'USD'", "its amount and direction are the ones of its event" },
        { "direction = 'debit'", "its amount and direction are the ones of its event" },
    };

    [Theory]
    [MemberData(nameof(ForgedAnswers))]
    public void A_forged_member_of_a_correction_or_a_statement_is_reported(string path, string rule)
    {
        var stream = bank.Answered[path];
        Assert.Contains(bank.Differences, d => d.Stream == stream && d.Expected!.Contains(rule, StringComparison.Ordinal));
    }

    public static TheoryData<string, string> ForgedAnswers => new()
    {
        { "{correction,corrects}", "it corrects what the correction corrects" },
        { "{correction,transaction}", "all bookings of a correction agree" },
        { "{other,id}", "its bookings are the bookings of the correction" },
        { "{opening,minor}", "it says what the statement says" },
        { "{entries}", "it says what the statement says" },
        { "{supersedes}", "it says what the statement says" },
    };

    [Fact]
    public void An_intact_notification_is_no_difference() =>
        Assert.DoesNotContain(bank.Differences, d => d.Model == "notifications" && !bank.Notifications.ContainsValue(d.Id ?? Guid.Empty));

    [Fact]
    public void An_event_without_a_stream_is_reported() =>
        Assert.Contains(bank.Differences, d => (d.Model, d.Table, d.Stream) == ("log", "stream", new Guid(ForgedBank.Orphan)));

    [Fact]
    public void A_forged_event_with_matching_stream_and_state_is_reported_for_its_missing_receipt() =>
        Assert.Equal([("receipts", "receipt")], Of(bank.Raised).Select(d => (d.Model, d.Table)));

    [Fact]
    public async Task A_bank_with_every_kind_of_data_and_no_forgery_has_no_differences()
    {
        await using var whole = new ProbedBank();
        await whole.InitializeAsync();
        await new RandomHistory(whole, 7).RunAsync(30);
        await new Forgery(whole).CreateAsync();
        var teller = whole.As("teller");
        var account = await teller.OpenAsync(balance: "1.00");
        await teller.PostAsync("/v1/withdrawals/batch", new
        {
            mode = "atomic",
            items = Enumerable.Range(0, 3).Select(_ => new
            {
                idempotencyKey = BankClient.NewKey(),
                command = new { accountId = account, amount = new { value = "0.60", currency = "EUR" }, reason = "Cash" },
            }),
        });
        (await teller.PostAsync("/v1/notification-subscriptions", new { account })).Created();
        Assert.Equal(
            202,
            (
                await whole.As("operator").PostAsync("/ops/projections/ledger/rebuild", new { reasonCode = "drill", reason = "To see" })
            ).StatusCode);
        await whole.CaughtUpAsync();

        Assert.Empty(
            (
                await whole.Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)
            ).Differences);
    }
}

/// <summary>A bank with an account for each forgery, compared once.</summary>
public sealed class ForgedBank : BankFixture, IAsyncLifetime
{
    internal const string Orphan = "0f000000-0000-7000-8000-000000000001";

    internal Dictionary<string, Forgery> Forged { get; } = [];

    internal Forgery Drifted { get; private set; } = null!;

    internal Forgery Untouched { get; private set; } = null!;

    internal Forgery Raised { get; private set; } = null!;

    internal Guid ErasedReceipt { get; private set; }

    /// <summary>The notification that each forgery changed.</summary>
    internal Dictionary<string, Guid> Notifications { get; } = [];

    /// <summary>The stream of a correction or a statement whose member was forged.</summary>
    internal Dictionary<string, Guid> Answered { get; } = [];

    internal IReadOnlyList<Difference> Differences { get; private set; } = [];

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        foreach (var sql in ForgeryTests.Forgeries.Select(f => f.Data.Item1).Distinct())
        {
            Forged[sql] = await new Forgery(this).CreateAsync();
        }

        (Drifted, Untouched, Raised) = (
            await new Forgery(this).CreateAsync(), await new Forgery(this).CreateAsync(), await new Forgery(this).CreateAsync());
        await Raised.ForgeAsync(
            Copy("{account}", 6)
                + "update bank.mt_events set headers = jsonb_set(headers, '{idempotencyKey}', '\"forged\"'), timestamp = "
                + "(select timestamp from bank.mt_events where stream_id = {account} and version = 5) "
                + "where stream_id = {account} and version = 6; "
                + "update bank.mt_streams set version = 6 where id = {account}; update accounts.mt_doc_account set mt_version = 6, data = "
                + "jsonb_set(jsonb_set(data, '{version}', '6'), '{balance,minor}', "
                + "to_jsonb((data -> 'balance' ->> 'minor')::bigint + 1000)) where id = {account}");
        await NotifyAsync();
        await CorrectAsync();
        var erased = await new Forgery(this).CreateAsync();
        await this.CaughtUpAsync();
        ErasedReceipt = Assert.Single(
            await this.QueryAsync<Guid>("select id from platform.receipt_answer where body = $1", erased.Refused));
        await erased.ForgeAsync(
            "delete from bank.mt_events where stream_id = {refusal}; delete from bank.mt_streams where id = {refusal}; "
                + "delete from platform.mt_doc_refusal where id = {refusal}");
        foreach (var (sql, forgery) in Forged)
        {
            await forgery.ForgeAsync(sql);
        }

        await Untouched.ForgeAsync(Copy($"'{Orphan}'", 1));
        await Drifted.ForgeAsync("update accounts.entry set balance = balance + 1 where account = {account} and version = 3");
        Differences = (
            await Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)
        ).Differences;
    }

    /// <summary>Creates notifications of an account and forges all but the last.</summary>
    private async Task NotifyAsync()
    {
        var teller = As("teller");
        var account = await teller.OpenAsync();
        (await teller.PostAsync("/v1/notification-subscriptions", new { account })).Created();
        string[] changes = [.. ForgeryTests.ForgedNotifications.Select(f => f.Data.Item1)];
        for (var i = 0; i <= changes.Length; i++)
        {
            (await teller.DepositAsync(account, "1.00")).Created();
        }

        var notifications = await Eventually.UntilAsync(
            () => this.QueryAsync<Guid>("select id from notifications.notification order by position"), ids => ids.Count > changes.Length);
        foreach (var (change, id) in changes.Zip(notifications))
        {
            Notifications[change] = id;
            await this.ForgeAsync($"update notifications.notification set {change} where id = '{id}'");
        }
    }

    /// <summary>Corrects transfers and issues statements, and forges a member of each.</summary>
    private async Task CorrectAsync()
    {
        var teller = As("teller");
        foreach (var path in ForgeryTests.ForgedAnswers.Select(f => f.Data.Item1))
        {
            var opened = await teller.OpenAsync(balance: "10.00", effectiveAt: Clock.Now.AddDays(-3));
            var account = PublicId.TryParse("acc", opened, out var id) ? id : throw new FormatException(opened);
            var isCorrection = path is "{other,id}" || path.StartsWith("{correction", StringComparison.Ordinal);
            if (isCorrection)
            {
                var transfer = (await teller.TransferAsync(opened, await teller.OpenAsync(), "2.00")).Created().Text("id");
                (await teller.PostAsync(
                    $"/v1/transactions/{transfer}/corrections",
                    new { kind = "reversal", reasonCode = "twice", reason = "Paid twice" })).Created();
            }
            else
            {
                (await teller.PostAsync(
                    $"/v1/accounts/{opened}/statements",
                    new { from = $"{Clock.Now.AddDays(-2):yyyy-MM-dd}", to = $"{Clock.Now.AddDays(-1):yyyy-MM-dd}" })).Created();
            }

            Answered[path] = isCorrection ? account : DeterministicId.From(account, "statements");
            var value = path is "{opening,minor}" or "{entries}" ? "7" : $"\"{Orphan}\"";
            await this.ForgeAsync(
                $"update bank.mt_events set data = jsonb_set(data, '{path}', '{value}') where stream_id = '{Answered[path]}' "
                    + "and (version = 4 or type like '%statement-issued%')");
        }
    }

    /// <summary>A copy of the account's second event.</summary>
    private static string Copy(string stream, int version) =>
        "insert into bank.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, "
        + "correlation_id, causation_id, headers, user_name, is_archived) "
        + $"select nextval('bank.mt_events_sequence'), gen_random_uuid(), {stream}, {version}, data, type, timestamp, tenant_id, "
        + "mt_dotnet_type, correlation_id, causation_id, headers, user_name, false from bank.mt_events where stream_id = {account} and "
        + "version = 2; ";
}
