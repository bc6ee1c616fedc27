using System.ComponentModel.DataAnnotations;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Periods.Domain;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Periods.Features;

/// <summary>The reopening of a period.</summary>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record ReopenPeriodRequest(
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

public static class ReopenPeriodEndpoint
{
    [WolverinePost("/v1/periods/{month}/reopen", OperationId = "reopenPeriod")]
    [RunsCommand]
    [CanBeProposed]
    [Tags("Periods")]
    [EndpointSummary("Propose that the period closed last is reopened")]
    [EndpointDescription(
        "Proposes that the month closed last is reopened. A second person approves the proposal, which reopens it; statements and "
        + "figures that were read before may then change.")]
    [Authorize(Policies.ClosePeriods)]
    [Problems(
        "malformed_month", "period_not_newest_closed", "approval_required", "invalid_text", "reason_required", "overloaded")]
    [ProducesResponseType<ProposedView>(StatusCodes.Status202Accepted)]
    public static Task<IResult> Post(string month, ReopenPeriodRequest request, PeriodCommands commands, HttpContext http) =>
        commands.ReopenAsync(http, key => (new ReopenPeriod(key, month, request.ReasonCode, request.Reason), null));
}

internal sealed record ReopenPeriod(string CommandId, string Month, string ReasonCode, string Reason)
{
    /// <summary>Every reopening needs an approval.</summary>
    public static readonly IReadOnlyList<string> ApprovalReasons = ["reopening"];

    public Month Period() => Domain.Month.Parse(Month)!.Value;

    public static CommandShape<ReopenPeriod> Shape { get; } = new(
        "periods.reopen-period.v1", c => c.CommandId, c => (c.ReasonCode, c.Reason),
        c => ClosePeriod.MonthProblem(c.Month) ?? Reasons.Problem(c.ReasonCode, c.Reason));

    /// <summary>The approval counts for the period that is closed last now.</summary>
    public static CommandBasis Basis(AccountingPeriods? periods) => new(
        ApprovalReasons,
        new Dictionary<string, string>
        {
            ["newestClosed"] = periods?.NewestClosed is { } last ? new Month(last).ToString() : "none",
            ["version"] = (periods?.Version ?? 0).ToString(System.Globalization.CultureInfo.InvariantCulture),
        },
        new Dictionary<string, long>());
}
