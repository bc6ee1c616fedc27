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

/// <summary>A transfer from one account of this bank to another.</summary>
/// <param name="FromAccountId">Public id or account number of the payer's account; customers may use only their own accounts.</param>
/// <param name="ToAccountId">Public id or account number of the payee's account.</param>
/// <param name="EffectiveAt">When the transfer takes effect; now if left out. Only staff may set it, never to the future.</param>
/// <param name="Reference">The payer's own reference; the payee sees it.</param>
/// <param name="Reason">The reason in words, 1 to 140 characters. Required, except to repeat a request that was made before it was
/// required.</param>
/// <param name="PurposeCode">What the money is for: a purpose code of ISO 20022, one to four capital letters and digits.</param>
/// <param name="EndToEndId">The payer's id of the payment, at most 35 characters, passed on unchanged.</param>
public sealed record TransferRequest(
    string FromAccountId,
    string ToAccountId,
    Amount Amount,
    [property: Required, StringLength(140, MinimumLength = 1)] string? Reason = null,
    DateTimeOffset? EffectiveAt = null,
    string? Reference = null,
    string? PurposeCode = null,
    string? EndToEndId = null);

public static class TransferMoneyEndpoint
{
    [WolverinePost(TransferOperation.Route, OperationId = "transferMoney")]
    [RunsCommand(IsKeyRequired = true)]
    [HonoursIfMatch]
    [CanBeProposed]
    [Tags("Money")]
    [EndpointSummary("Move money from one account to another")]
    [EndpointDescription("Moves money from one account to another. Both halves are stored, or neither.")]
    [Authorize(Policies.MoveMoney)]
    [MovementProblems(
        "insufficient_funds", "same_account", "payee_account_closed", "payee_account_frozen", "payee_balance_too_large",
        "payee_effective_before_opening")]
    [ProducesResponseType<TransferView>(StatusCodes.Status201Created)]
    [ProducesResponseType<ProposedView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(TransferRequest request, AccountCommands commands, HttpContext http) =>
        commands.HttpAsync(http, TransferMoneyHandler.Definition, key => Read(key, request));

    [WolverinePost(TransferOperation.Route + "/batch", OperationId = "transferMoneyInBatch")]
    [Batch]
    [Tags("Money")]
    [EndpointSummary("Transfer money in a batch")]
    [EndpointDescription(Batches.Description)]
    [Authorize(Policies.MoveMoney)]
    [Problems("overloaded")]
    [RequestSizeLimit(Batches.LargestBytes)]
    [ProducesResponseType<BatchView>(StatusCodes.Status200OK)]
    public static Task<IResult> PostBatch(Batch<TransferRequest> batch, AccountCommands commands, HttpContext http) =>
        commands.HttpBatchAsync(http, TransferOperation.Route, batch, TransferMoneyHandler.Definition, Read);

    private static (TransferMoney? Command, Refusal? Problem) Read(string key, TransferRequest request)
    {
        var (amount, problem) = request.Amount.Read("/amount");
        return problem is null
            ? (
                new(
                    key, request.FromAccountId, request.ToAccountId, amount, request.EffectiveAt, request.Reference, request.Reason,
                    request.PurposeCode, request.EndToEndId),
                null)
            : (null, problem);
    }
}

public static class TransferMoneyHandler
{
    internal static readonly CommandDefinition<TransferMoney> Definition = new(
        new(
            TransferOperation.Message,
            c => c.CommandId,
            c => (null, c.Reason),
            c => CommandValidation.CheckMovement(c.Amount, c.Reference, c.Reason)
                ?? CommandDetails.Check(c.PurposeCode, c.EndToEndId)
                ?? CommandValidation.CheckEffectiveAt(c.EffectiveAt))
        {
            Kept = c => c with { EffectiveAt = c.EffectiveAt?.CutToMicroseconds() },
        },
        c => [new(c.From, "/fromAccountId", nameof(c.From)), new(c.To, "/toAccountId", nameof(c.To))],
        (c, accounts, ids, now, rule) => Decide(c, accounts[0], accounts[1], ids, now, rule))
    { EffectiveAt = c => c.EffectiveAt, Address = AddressOf, IsFirstDebited = true };

    internal static string AddressOf(IReadOnlyList<NewEvent> events) =>
        $"{TransferOperation.Route}/{PublicId.Format(MovementId.Transfer, events[0].EventId)}";

    public static Task<CommandReply> Handle(TransferMoney command, Envelope envelope, AccountCommands commands, CancellationToken ct) =>
        commands.BusAsync(command, envelope, Definition, ct);

    /// <summary>Checks the payer's account first, then the payee's. Both halves are stored, or neither.</summary>
    internal static Decision Decide(TransferMoney command, Account from, Account to, NewIds ids, DateTimeOffset now, BackdatingRule rule)
    {
        var time = EffectiveTime.Of(command.EffectiveAt, now, rule);
        if (from.Id == to.Id)
        {
            return new Decision.Refused(Refusal.RuleBroken(
                "same_account", "The payer's and the payee's account must differ.", ("accountId", AccountId.Format(from.Id))));
        }

        if (Guards.CheckDebit(from, command.Amount, time) is { } payer)
        {
            return new Decision.Refused(payer);
        }

        if (Guards.CheckCredit(to, command.Amount, time) is { } payee)
        {
            return new Decision.Refused(PayeeRefusal(payee, to));
        }

        return new Decision.Accepted(
            new NewEvent(from.Id, ids.First, Sent(command, to, ids.First, now)),
            new NewEvent(to.Id, ids.Second, Received(command, from, ids.First, now)));
    }

    /// <summary>The payer learns that the payee's account refused the transfer, but not its balance or currency.</summary>
    private static Refusal PayeeRefusal(Refusal refusal, Account to) =>
        new(
            refusal.Kind,
            refusal.Code == "currency_mismatch" ? refusal.Code : "payee_" + refusal.Code,
            "The payee's account refused the transfer: " + refusal.Code switch
            {
                "balance_too_large" => "its balance would be too large.",
                "currency_mismatch" => "it has another currency.",
                _ => refusal.Detail,
            },
            // The only facts passed on: the account, and the earliest effective time of a transfer to it.
            new Dictionary<string, object>(refusal.Facts.Where(f => f.Key is "effectiveAt" or "earliest"))
            {
                ["accountId"] = AccountId.Format(to.Id),
            });

    private static TransferSent Sent(TransferMoney command, Account to, Guid id, DateTimeOffset now) =>
        new(id, to.Id, to.Number, command.Amount, EffectiveTime.Resolve(command.EffectiveAt, now), Details(command));

    private static TransferReceived Received(TransferMoney command, Account from, Guid id, DateTimeOffset now) =>
        new(id, from.Id, from.Number, command.Amount, EffectiveTime.Resolve(command.EffectiveAt, now), Details(command));

    private static MovementDetails? Details(TransferMoney command) =>
        CommandDetails.Of(command.Reference, command.PurposeCode, command.EndToEndId);
}
