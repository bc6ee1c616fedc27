using System.ComponentModel.DataAnnotations;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Banking.Accounts.Features;

/// <summary>A deposit to an account.</summary>
/// <param name="AccountId">Public id or account number.</param>
/// <param name="EffectiveAt">When the deposit takes effect; now if left out. Only staff may set it, never to the future.</param>
/// <param name="Reference">The customer's own reference.</param>
/// <param name="Reason">The reason in words, 1 to 140 characters. Required, except to repeat a request that was made before it was
/// required.</param>
/// <param name="PurposeCode">What the money is for: a purpose code of ISO 20022, one to four capital letters and digits.</param>
/// <param name="EndToEndId">The payer's id of the payment, at most 35 characters, passed on unchanged.</param>
/// <param name="Counterparty">The other party, at another bank.</param>
public sealed record DepositRequest(
    string AccountId, Amount Amount, [property: Required, StringLength(140, MinimumLength = 1)] string? Reason = null,
    DateTimeOffset? EffectiveAt = null, string? Reference = null, string? PurposeCode = null, string? EndToEndId = null,
    Counterparty? Counterparty = null);

public static class DepositMoneyEndpoint
{
    [WolverinePost("/v1/deposits", OperationId = "depositMoney")]
    [RunsCommand(IsKeyRequired = true)]
    [HonoursIfMatch]
    [CanBeProposed]
    [Tags("Money")]
    [EndpointSummary("Deposit money")]
    [EndpointDescription("Books money that comes into the bank to an account. The answer has the balance right after it.")]
    [Authorize(Policies.Deposit)]
    [MovementProblems("key_unavailable")]
    [ProducesResponseType<MovementView>(StatusCodes.Status201Created)]
    [ProducesResponseType<ProposedView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(DepositRequest request, AccountCommands commands, HttpContext http) =>
        commands.HttpAsync(http, DepositMoneyHandler.Definition, key => Read(key, request));

    [WolverinePost("/v1/deposits/batch", OperationId = "depositMoneyInBatch")]
    [Batch]
    [Tags("Money")]
    [EndpointSummary("Deposit money in a batch")]
    [EndpointDescription(Batches.Description)]
    [Authorize(Policies.Deposit)]
    [Problems("overloaded")]
    [RequestSizeLimit(Batches.LargestBytes)]
    [ProducesResponseType<BatchView>(StatusCodes.Status200OK)]
    public static Task<IResult> PostBatch(Batch<DepositRequest> batch, AccountCommands commands, HttpContext http) =>
        commands.HttpBatchAsync(http, "/v1/deposits", batch, DepositMoneyHandler.Definition, Read);

    private static (DepositMoney? Command, Refusal? Problem) Read(string key, DepositRequest request)
    {
        var (amount, problem) = request.Amount.Read("/amount");
        return problem is null
            ? (
                new(
                    key, request.AccountId, amount, BankSide.Cash, request.EffectiveAt, request.Reference, request.Reason,
                    request.PurposeCode, request.EndToEndId, request.Counterparty),
                null)
            : (null, problem);
    }
}

public static class DepositMoneyHandler
{
    internal static readonly CommandDefinition<DepositMoney> Definition = new(
        new("accounts.deposit-money.v1", c => c.CommandId, c => (null, c.Reason),
            c => CommandValidation.CheckMovement(c.Amount, c.Reference, c.Reason)
                ?? CommandDetails.Check(c.PurposeCode, c.EndToEndId, c.Counterparty)
                ?? CommandValidation.CheckEnum("bankSide", c.BankSide)
                ?? CommandValidation.CheckEffectiveAt(c.EffectiveAt))
        { Kept = c => c with { EffectiveAt = c.EffectiveAt?.CutToMicroseconds() } },
        c => [new(c.Account, "/accountId", nameof(c.Account))],
        (c, accounts, ids, now, rule) => Decide(c, accounts[0], ids.First, now, rule))
    { EffectiveAt = c => c.EffectiveAt, Counterparty = c => c.Counterparty, Address = AddressOf };

    internal static string AddressOf(IReadOnlyList<NewEvent> events) =>
        $"/v1/deposits/{PublicId.Format(MovementId.Deposit, events[0].EventId)}";

    public static Task<CommandReply> Handle(DepositMoney command, Envelope envelope, AccountCommands commands, CancellationToken ct) =>
        commands.BusAsync(command, envelope, Definition, ct);

    internal static Decision Decide(DepositMoney command, Account account, Guid id, DateTimeOffset now, BackdatingRule rule) =>
        Guards.CheckCredit(account, command.Amount, EffectiveTime.Of(command.EffectiveAt, now, rule)) is { } refusal
            ? new Decision.Refused(refusal)
            : new Decision.Accepted(new NewEvent(account.Id, id, Booked(command, now)));

    private static MoneyDeposited Booked(DepositMoney command, DateTimeOffset now) => new(
        command.Amount,
        command.BankSide,
        EffectiveTime.Resolve(command.EffectiveAt, now),
        DetailsOf(command));

    private static MovementDetails? DetailsOf(DepositMoney command) =>
        CommandDetails.Of(command.Reference, command.PurposeCode, command.EndToEndId, command.Counterparty);
}
