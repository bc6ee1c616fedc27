using System.ComponentModel.DataAnnotations;
using Banking.Commands.Decisions;
using Banking.Periods.Domain;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Periods.Features;

/// <summary>The closing of a period.</summary>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record ClosePeriodRequest(
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

public static class ClosePeriodEndpoint
{
    [WolverinePost("/v1/periods/{month}/close", OperationId = "closePeriod")]
    [RunsCommand]
    [QueryParameter<bool>(DryRun.Parameter, "true runs the checks, stores nothing and leaves the key free.")]
    [Tags("Periods")]
    [EndpointSummary("Close a period")]
    [EndpointDescription(
        "Closes a month that has ended: nothing more is booked with an effective time in it or before it. Months are closed in order; the "
        + "first one that is closed closes everything before it. The checks run first, and may take some seconds.")]
    [Authorize(Policies.ClosePeriods)]
    [Problems(
        "malformed_month", "period_not_found", "period_not_ended", "period_already_closed", "period_out_of_order", "period_not_ready",
        "malformed_dry_run", "invalid_text", "reason_required", "overloaded")]
    [ProducesResponseType<PeriodView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Post(string month, ClosePeriodRequest request, PeriodCommands commands, HttpContext http) =>
        DryRun.Read(http) switch
        {
            (_, { } problem) => new ProblemResult(problem),
            (true, _) => await commands.PreviewAsync(http, key => Read(key, month, request)),
            _ => await commands.CloseAsync(http, key => Read(key, month, request)),
        };

    private static (ClosePeriod? Command, Refusal? Problem) Read(string key, string month, ClosePeriodRequest request) =>
        (new(key, month, request.ReasonCode, request.Reason), null);
}

internal sealed record ClosePeriod(string CommandId, string Month, string ReasonCode, string Reason)
{
    public Month Period() => Domain.Month.Parse(Month)!.Value;

    public static CommandShape<ClosePeriod> Shape { get; } = new(
        "periods.close-period.v1", c => c.CommandId, c => (c.ReasonCode, c.Reason),
        c => MonthProblem(c.Month) ?? Reasons.Problem(c.ReasonCode, c.Reason));

    public static Refusal? MonthProblem(string month) => Domain.Month.Parse(month) is null
        ? Refusal.Malformed("malformed_month", "The month in the path must be one such as 2026-10.")
        : null;
}
