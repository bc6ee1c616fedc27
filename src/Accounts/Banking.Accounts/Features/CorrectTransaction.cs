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
/// <param name="AllowOverdrawn">true: the correction may take an account below what it allows. It then needs an approval.</param>
public sealed record CorrectionRequest(
    CorrectionKind Kind,
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(140, MinimumLength = 1)] string? Reason = null,
    CorrectionTime Effective = CorrectionTime.Original,
    Amount? Amount = null,
    string? AccountId = null,
    string? FromAccountId = null,
    string? ToAccountId = null,
    DateTimeOffset? EffectiveAt = null,
    bool? AllowOverdrawn = null);

public static class CorrectTransactionEndpoint
{
    [WolverinePost("/v1/transactions/{transaction}/corrections", OperationId = "correctTransaction")]
    [Creates("a correction")]
    [RunsCommand(IsKeyRequired = true)]
    [QueryParameter<bool>(DryRun.Parameter, "true shows the bookings and the balances, stores nothing and leaves the key free.")]
    [CanBeProposed]
    [Tags("Money")]
    [EndpointSummary("Correct a deposit, withdrawal, transfer or correction")]
    [EndpointDescription(
        "Corrects a transaction. Nothing that was booked is changed: the opposite is booked, and what is right. A correction that needs an "
        + "approval is refused unless propose is true.")]
    [Authorize(Policies.ControlAccounts)]
    [MovementProblems(
        "insufficient_funds", "same_account", "key_unavailable", "transaction_not_found", "already_corrected", "nothing_in_effect",
        "nothing_to_correct", "correction_member_unfit", "correction_member_missing", "malformed_dry_run", "approval_required")]
    [ProducesResponseType<CorrectionView>(StatusCodes.Status201Created)]
    [ProducesResponseType<ProposedView>(StatusCodes.Status202Accepted)]
    [ProducesResponseType<CorrectionPreview>(StatusCodes.Status200OK)]
    public static async Task<IResult> Post(
        string transaction, CorrectionRequest request, Corrections corrections, HttpContext http) =>
        DryRun.Read(http) switch
        {
            (_, { } problem) => new ProblemResult(problem),
            (true, _) => await corrections.PreviewAsync(http, key => Read(key, transaction, request)),
            _ => await corrections.HttpAsync(http, key => Read(key, transaction, request)),
        };

    private static (CorrectTransaction? Command, Refusal? Problem) Read(string key, string transaction, CorrectionRequest request)
    {
        var (amount, problem) = request.Amount is { } right ? right.Read("/amount") : (default, null);
        return problem is null
            ? (new(
                key, transaction, request.Kind, request.ReasonCode, request.Reason, request.Effective,
                request.Amount is null ? null : amount, request.AccountId, request.FromAccountId, request.ToAccountId,
                request.EffectiveAt, request.AllowOverdrawn), null)
            : (null, problem);
    }
}

public static class CorrectTransactionHandler
{
    internal static CommandShape<CorrectTransaction> Shape { get; } = new(
        CorrectionOperation.Message,
        c => c.CommandId,
        c => (c.ReasonCode, c.Reason),
        c => Reasons.OfMoney(c.Reason)
            ?? Reasons.Problem(c.ReasonCode, c.Reason)
            ?? CommandValidation.CheckEnum("kind", c.Kind)
            ?? CommandValidation.CheckEnum("effective", c.Effective)
            ?? CheckMembers(c)
            ?? (c.Amount is { } amount ? CommandValidation.CheckAmount(amount) : null)
            ?? CommandValidation.CheckEffectiveAt(c.EffectiveAt))
    {
        Kept = c => c with { EffectiveAt = c.EffectiveAt?.CutToMicroseconds() },
    };

    public static Task<CommandReply> Handle(
        CorrectTransaction command, Envelope envelope, Corrections corrections, CancellationToken ct) =>
        corrections.BusAsync(command, envelope, ct);

    /// <summary>The references to the right accounts, with the JSON pointers of their members.</summary>
    internal static IReadOnlyList<AccountReference> References(CorrectTransaction command) =>
    [
        .. new (string? Account, string Pointer, string Member)[]
        {
            (command.Account, "/accountId", nameof(command.Account)),
            (command.From, "/fromAccountId", nameof(command.From)),
            (command.To, "/toAccountId", nameof(command.To)),
        }.Where(a => a.Account is not null).Select(a => new AccountReference(a.Account!, a.Pointer, a.Member)),
    ];

    /// <summary>Each kind requires its own members and takes no others, so that nothing asked for is ignored.</summary>
    private static Refusal? CheckMembers(CorrectTransaction command)
    {
        var (kind, references) = (command.Kind, References(command));
        var unfit =
            command.Amount is not null && kind != CorrectionKind.Amount ? "amount"
            : command.EffectiveAt is not null && kind != CorrectionKind.EffectiveDate ? "effectiveAt"
            : references is [var account, ..] && kind != CorrectionKind.Account ? account.Pointer![1..]
            : command.Effective == CorrectionTime.Now && kind == CorrectionKind.EffectiveDate ? "effective"
            : null;
        var missing = kind switch
        {
            CorrectionKind.Amount when command.Amount is null => "amount",
            CorrectionKind.EffectiveDate when command.EffectiveAt is null => "effectiveAt",
            CorrectionKind.Account when references.Count == 0 => "accountId",
            _ => null,
        };
        return unfit is not null ? Refusal.Invalid(
                "correction_member_unfit", $"{unfit} does not fit a correction of this kind.", "#/" + unfit)
            : missing is not null ? Refusal.Invalid(
                "correction_member_missing", $"A correction of this kind requires {missing}.", "#/" + missing)
            : null;
    }
}
