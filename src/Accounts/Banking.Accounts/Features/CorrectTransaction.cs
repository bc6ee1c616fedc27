using System.ComponentModel.DataAnnotations;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.Features;

/// <summary>A correction of a transaction. Nothing that was booked is changed: the opposite is booked, and what is right.</summary>
/// <param name="Kind">What was wrong.</param>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words, 1 to 140 characters.</param>
/// <param name="Effective">When the bookings take effect: as the original did, or now.</param>
/// <param name="Amount">The right amount; for kind amount.</param>
/// <param name="AccountId">Public id or number of the right account of a deposit or withdrawal; for kind account.</param>
/// <param name="FromAccountId">The right payer's account of a transfer; for kind account.</param>
/// <param name="ToAccountId">The right payee's account of a transfer; for kind account.</param>
/// <param name="EffectiveAt">The right effective time; for kind effective-date.</param>
public sealed record CorrectionRequest(
    CorrectionKind Kind,
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(140, MinimumLength = 1)] string? Reason = null,
    CorrectionTime Effective = CorrectionTime.Original,
    Amount? Amount = null,
    string? AccountId = null,
    string? FromAccountId = null,
    string? ToAccountId = null,
    DateTimeOffset? EffectiveAt = null);

public static class CorrectTransactionEndpoint
{
    [WolverinePost("/v1/transactions/{transaction}/corrections", OperationId = "correctTransaction")]
    [RunsCommand(IsKeyRequired = true)]
    [QueryParameter<bool>("dryRun", "true shows the bookings and the balances, stores nothing and leaves the key free.")]
    [Tags("Money")]
    [EndpointSummary("Correct a deposit, withdrawal, transfer or correction")]
    [EndpointDescription("Corrects a transaction. Nothing that was booked is changed: the opposite is booked, and what is right.")]
    [Authorize(Policies.ControlAccounts)]
    [MovementProblems(
        "insufficient_funds", "same_account", "transaction_not_found", "already_corrected", "nothing_in_effect", "nothing_to_correct",
        "correction_member_unfit", "correction_member_missing", "malformed_dry_run")]
    [ProducesResponseType<CorrectionView>(StatusCodes.Status201Created)]
    [ProducesResponseType<CorrectionPreview>(StatusCodes.Status200OK)]
    public static async Task<IResult> Post(
        string transaction, CorrectionRequest request, Corrections corrections, HttpContext http) =>
        !http.Request.Query.TryGetValue("dryRun", out var dryRun) || dryRun == "false"
            ? await corrections.HttpAsync(http, key => Read(key, transaction, request))
            : dryRun == "true" ? await corrections.PreviewAsync(http, key => Read(key, transaction, request))
            : new ProblemResult(Refusal.Malformed("malformed_dry_run", "dryRun is true or false."));

    private static (CorrectTransaction? Command, Refusal? Problem) Read(string key, string transaction, CorrectionRequest request)
    {
        var (amount, problem) = request.Amount is { } right ? right.Read("/amount") : (default, null);
        return problem is null
            ? (new(
                key, transaction, request.Kind, request.ReasonCode, request.Reason, request.Effective,
                request.Amount is null ? null : amount, request.AccountId, request.FromAccountId, request.ToAccountId,
                request.EffectiveAt), null)
            : (null, problem);
    }
}

/// <summary>Corrects a transaction.</summary>
/// <param name="Transaction">Public id of the transaction.</param>
internal sealed record CorrectTransaction(
    string CommandId, string Transaction, CorrectionKind Kind, string ReasonCode, string? Reason,
    CorrectionTime Effective = CorrectionTime.Original, Money? Amount = null, string? Account = null, string? From = null,
    string? To = null, DateTimeOffset? EffectiveAt = null)
{
    public static CommandShape<CorrectTransaction> Shape { get; } = new(
        CorrectionOperation.Message,
        c => c.CommandId,
        c => (c.ReasonCode, c.Reason),
        c => Reasons.OfMoney(c.Reason)
            ?? Reasons.Problem(c.ReasonCode, c.Reason)
            ?? c.CheckMembers()
            ?? (c.Amount is { } amount ? CommandValidation.CheckAmount(amount) : null)
            ?? CommandValidation.CheckEffectiveAt(c.EffectiveAt))
    {
        Kept = c => c with { EffectiveAt = c.EffectiveAt?.CutToMicroseconds() },
    };

    /// <summary>The references to the right accounts, with the JSON pointers of their members.</summary>
    public IReadOnlyList<AccountReference> References() =>
    [
        .. new (string? Account, string Pointer, string Member)[]
        {
            (Account, "/accountId", nameof(Account)), (From, "/fromAccountId", nameof(From)), (To, "/toAccountId", nameof(To)),
        }.Where(a => a.Account is not null).Select(a => new AccountReference(a.Account!, a.Pointer, a.Member)),
    ];

    /// <summary>Without the content, because commands are logged.</summary>
    public override string ToString() => $"{nameof(CorrectTransaction)} {CommandId}";

    /// <summary>Each kind requires its own members and takes no others, so that nothing asked for is ignored.</summary>
    private Refusal? CheckMembers()
    {
        var unfit =
            Amount is not null && Kind != CorrectionKind.Amount ? "amount"
            : EffectiveAt is not null && Kind != CorrectionKind.EffectiveDate ? "effectiveAt"
            : References() is [var account, ..] && Kind != CorrectionKind.Account ? account.Pointer![1..]
            : Effective == CorrectionTime.Now && Kind == CorrectionKind.EffectiveDate ? "effective"
            : null;
        var missing = Kind switch
        {
            CorrectionKind.Amount when Amount is null => "amount",
            CorrectionKind.EffectiveDate when EffectiveAt is null => "effectiveAt",
            CorrectionKind.Account when References().Count == 0 => "accountId",
            _ => null,
        };
        return unfit is not null ? Refusal.Invalid(
                "correction_member_unfit", $"{unfit} does not fit a correction of this kind.", "#/" + unfit)
            : missing is not null ? Refusal.Invalid(
                "correction_member_missing", $"A correction of this kind requires {missing}.", "#/" + missing)
            : null;
    }
}
