using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Testing;
using CsCheck;
using Marten;

namespace Banking.Accounts.Tests;

/// <summary>A refused command is stored as data, so that it can be decided again with the same state and time.</summary>
public sealed class RefusedCommandTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Each_stored_refusal_decided_again_gives_the_same_refusal()
    {
        var (account, other) = (await _teller.OpenAsync(balance: "10.00", overdraftLimit: "5.00"), await _teller.OpenAsync());
        (await _teller.PostAsync($"/v1/accounts/{other}/freeze", new { scope = "all", reasonCode = "wish", reason = "A wish." })).Ok();
        var (amount, then) = (new { value = "20.00", currency = "EUR" }, bank.Clock.Now.AddDays(-1));
        var wish = new { reasonCode = "wish", reason = "A wish." };
        await RefusedAsync("withdrawals", new { accountId = account, amount, reason = "a wish", reference = "R \"1\"" });
        await RefusedAsync("withdrawals", new { accountId = account, amount, effectiveAt = then, reason = "late" });
        await RefusedAsync("deposits", new { accountId = account, amount = new { value = "20", currency = "JPY" }, reason = "a wish" });
        var euro = new { value = "1.00", currency = "EUR" };
        await RefusedAsync("transfers", new { fromAccountId = account, toAccountId = other, amount = euro, reason = "rent" });
        await RefusedAsync(
            $"accounts/{account}/overdraft-limit", new { limit = "0.00", wish.reasonCode, wish.reason }, allowed: true);
        await RefusedAsync($"accounts/{account}/unfreeze", new { scope = "credit", wish.reasonCode, wish.reason });
        await RefusedAsync($"accounts/{other}/freeze", new { scope = "debit", wish.reasonCode, wish.reason });
        await RefusedAsync($"accounts/{account}/close", wish);
        // A later movement must not change the result.
        (await _teller.DepositAsync(account, "500.00")).Created();

        await using var session = bank.Store.QuerySession();
        Guid[] ids = [Stored.Id(account), Stored.Id(other)];
        var refusals = await session.Query<RecordedRefusal>().Where(r => ids.Contains(r.StreamId)).ToListAsync();

        Assert.Equal(7, refusals.Count);
        foreach (var refusal in refusals)
        {
            var decided = await DecideAgainAsync(session, refusal);
            Assert.Equal((refusal.Operation, refusal.Code), (refusal.Operation, decided.Code));
        }
    }

    [Fact]
    public async Task A_refused_opening_is_stored_too_and_the_list_of_refusals_shows_the_fields()
    {
        var (account, customer) = (await _teller.OpenAsync(), await _teller.RegisterAsync());
        await RefusedAsync(
            "withdrawals",
            new
            {
                accountId = account,
                amount = new { value = "20.00", currency = "EUR" },
                reason = "a wish",
            });
        await RefusedAsync(
            "accounts",
            new
            {
                customerId = customer,
                currency = "EUR",
                overdraftLimit = "3.00",
                effectiveAt = bank.Clock.Now.AddDays(3),
            });

        var shown = (await _teller.GetAsync($"/v1/accounts/{account}/refusals")).Ok().Items()[0];
        Assert.Equal("0.00", shown.GetProperty("facts").GetProperty("available").GetProperty("value").GetString());
        var command = shown.GetProperty("command");
        Assert.Equal(
            ("accounts.withdraw-money.v1", account, "20.00", "cash", "a wish"),
            (command.GetProperty("type").GetString(), command.GetProperty("fields").GetProperty("account").GetString(),
                command.GetProperty("fields").GetProperty("amount").GetProperty("value").GetString(),
                command.GetProperty("fields").GetProperty("bankSide").GetString(),
                command.GetProperty("fields").GetProperty("reason").GetString()));
        await using var session = bank.Store.QuerySession();
        var opening = await session.Query<RecordedRefusal>().SingleAsync(r => r.Operation == "POST /v1/accounts");
        var opened = opening.Command!.Read<OpenAccount>();
        Assert.Equal(
            (customer, AccountSpec.Eur(300), bank.Clock.Now.AddDays(3)), (opened.Customer, opened.OverdraftLimit, opened.EffectiveAt));
        Assert.Equal(
            opening.Code,
            new Verdict(
                OpenAccountHandler.Decide(
                    opened,
                    AccountSpec.Id,
                    AccountSpec.OwnerId,
                    AccountSpec.Number,
                    AccountSpec.EventId,
                    opening.RecordedAt,
                    BackdatingRule.Default)).Code);
    }

    [Fact]
    public void Every_command_survives_a_round_trip() =>
        Gen.Select(Gen.Long, Gen.String, Gen.Enum<BankSide>(), Gen.Enum<FreezeScope>(), Gen.Long[0, DateTimeOffset.MaxValue.Ticks])
            .Sample(
                (minor, text, side, scope, ticks) =>
                {
                    var (amount, at) = (new Money(minor, Currency.Parse("KWD")), (DateTimeOffset?)new DateTimeOffset(ticks, TimeSpan.Zero));
                    Same(new WithdrawMoney(text, text, amount, side, at, text, text));
                    Same(new WithdrawMoney(text, text, amount));
                    Same(new DepositMoney(text, text, amount, side, at, text, text));
                    Same(new TransferMoney(text, text, text, amount, at, text, text));
                    Same(new FreezeAccount(text, text, scope, text, text));
                    Same(new UnfreezeAccount(text, text, scope, text, text));
                    Same(new ChangeOverdraftLimit(text, text, text, text, text));
                    Same(new CloseAccount(text, text, text, text));
                    Same(new OpenAccount(text, text, Currency.Parse("KWD"), text, amount, AccountSpec.Number, at, text));
                });

    private static void Same<TCommand>(TCommand command)
        where TCommand : class
    {
        var stored = System.Text.Json.JsonSerializer.Serialize(CommandData.Of("a.v1", command));
        Assert.Equal(command, System.Text.Json.JsonSerializer.Deserialize<CommandData>(stored)!.Read<TCommand>());
    }

    private async Task RefusedAsync(string path, object body, bool allowed = false)
    {
        var answer = await _teller.PostAsync("/v1/" + path, body);
        Assert.True(allowed ? answer.StatusCode == 200 : answer.StatusCode is 409 or 422, answer.Body);
    }

    /// <summary>Decides again with the command, the states of that version, and the time of the refusal.</summary>
    private static async Task<Verdict> DecideAgainAsync(IQuerySession session, RecordedRefusal refusal)
    {
        var (command, at, ids, rule) = (
            refusal.Command!, refusal.RecordedAt, new NewIds(AccountSpec.EventId, AccountSpec.OtherEventId), BackdatingRule.Default);
        var account = await AtAsync(session, refusal.StreamId, refusal.StreamVersion);
        return new(
            command.Type switch
            {
                "accounts.withdraw-money.v1" => WithdrawMoneyHandler.Decide(command.Read<WithdrawMoney>(), account, ids.First, at, rule),
                "accounts.deposit-money.v1" => DepositMoneyHandler.Decide(command.Read<DepositMoney>(), account, ids.First, at, rule),
                "accounts.transfer-money.v1" => TransferMoneyHandler.Decide(
                    command.Read<TransferMoney>(),
                    account,
                    await AtAsync(session, Stored.Id(command.Read<TransferMoney>().To), 0),
                    ids,
                    at,
                    rule),
                "accounts.change-overdraft-limit.v1" => ChangeOverdraftLimitHandler.Decide(
                    command.Read<ChangeOverdraftLimit>(), account, ids.First, at),
                "accounts.freeze-account.v1" => FreezeAccountHandler.Decide(command.Read<FreezeAccount>(), account, ids.First, at),
                "accounts.unfreeze-account.v1" => UnfreezeAccountHandler.Decide(command.Read<UnfreezeAccount>(), account, ids.First, at),
                "accounts.close-account.v1" => CloseAccountHandler.Decide(account, ids.First, at),
                var other => throw new InvalidOperationException(other),
            });
    }

    private static async Task<Account> AtAsync(IQuerySession session, Guid id, long version)
    {
        var events = await session.Events.FetchStreamAsync(id, version: version);
        var account = events.Aggregate((Account?)null, (state, e) => Account.Fold(state, id, e.Data, e.Timestamp))!;
        return account with { Timeline = AccountTimeline.Of(DateTimeOffset.MinValue, events.Select(e => e.Data)) };
    }
}
