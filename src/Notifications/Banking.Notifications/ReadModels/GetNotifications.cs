using System.Globalization;
using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.Notifications.Reactions;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Banking.Notifications.ReadModels;

/// <summary>A notification in an answer.</summary>
/// <param name="Position">The event's position in the log.</param>
/// <param name="Amount">Absent if the event moved no money.</param>
/// <param name="Direction">credit raised the balance, debit lowered it; absent if the event moved no money.</param>
public sealed record NotificationView(
    string Id,
    string Subscription,
    string Account,
    string EventId,
    string Type,
    long Position,
    Amount? Amount,
    string? Direction,
    DateTimeOffset RecordedAt);

public static class GetNotificationsEndpoint
{
    [WolverineGet("/v1/notifications", OperationId = "listNotifications")]
    [HasNoPosition]
    [PageParameters]
    [QueryParameter("account", "Only notifications about this account, acc_…")]
    [Tags("Notifications")]
    [EndpointSummary("List notifications, newest first; a customer lists those of their own subscriptions")]
    [EndpointDescription("Lists notifications, the newest first. A customer lists those of its own subscriptions.")]
    [Authorize(Policies.Read)]
    [Problems("malformed_filter")]
    [ProducesResponseType<Page<NotificationView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(NpgsqlDataSource source, HttpContext http)
    {
        var (paging, problem) = Paging.Read(http.Request);
        var (account, wrong) = AccountFilter.Read(http);
        problem ??= wrong;
        var (position, id) = (long.MaxValue, Guid.AllBitsSet);
        if (problem is null && paging!.After is { } cursor && !TryRead(cursor, out position, out id))
        {
            problem = Paging.Malformed;
        }

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        // Conditions are left out unless they apply, so that PostgreSQL can use the index of each list.
        var caller = http.Caller();
        var rows = await source.ListAsync(
            "select id, subscription, account, event_id, type, position, value, currency, direction, recorded_at "
                + $"from {NotificationTable.Name} where (position, id) < ($1, $2)"
                + (account is null ? "" : " and account = $4")
                + (caller.IsStaff ? "" : " and customer = $5")
                + " order by position desc, id desc limit $3",
            [position, id, paging!.Limit + 1, account ?? Guid.Empty, caller.CustomerId ?? Guid.Empty],
            View,
            http.RequestAborted);
        return TypedResults.Json(
            Page<NotificationView>.Of(rows, paging, n =>
                string.Create(CultureInfo.InvariantCulture, $"{n.Position}:{n.Id["ntf_".Length..]}")),
            ApiJson.Options);
    }

    private static bool TryRead(string cursor, out long position, out Guid id)
    {
        (position, id) = (0, Guid.Empty);
        return cursor.Split(':') is [var first, var second]
            && Exact.TryNumber(first, out position)
            && Exact.TryId(second, out id);
    }

    private static NotificationView View(NpgsqlDataReader reader) => new(
        PublicId.Format("ntf", reader.GetGuid(0)), PublicId.Format("sub", reader.GetGuid(1)), PublicId.Format("acc", reader.GetGuid(2)),
        reader.GetString(3), reader.GetString(4), reader.GetInt64(5),
        reader.IsDBNull(6) ? null : new(reader.GetString(6), reader.GetString(7)), reader.GetOrDefault<string>(8),
        reader.GetFieldValue<DateTimeOffset>(9));
}
