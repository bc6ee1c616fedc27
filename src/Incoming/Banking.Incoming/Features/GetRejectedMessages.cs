using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.Incoming.Receiving;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;
using Wolverine.Runtime;
using Wolverine.Runtime.Serialization;

namespace Banking.Incoming.Features;

/// <summary>A message that could not be decided, and is kept among Wolverine's dead letters.</summary>
/// <param name="Id">Its id in wolverine.wolverine_dead_letters, where its body is.</param>
/// <param name="Service">The sender; absent if it was not identified.</param>
/// <param name="Type">The command as the sender named it.</param>
/// <param name="Code">Why it was rejected.</param>
public sealed record RejectedMessageView(
    Guid Id, string Queue, string? Service, string? Type, string Code, string Detail, DateTimeOffset ReceivedAt, string CorrelationId);

/// <summary>Rejected messages with the same code.</summary>
public sealed record RejectedGroup(string Code, long Messages, DateTimeOffset Oldest);

/// <summary>Messages that could not be decided.</summary>
/// <param name="Items">The newest hundred.</param>
public sealed record RejectedMessagesView(IReadOnlyList<RejectedGroup> Groups, IReadOnlyList<RejectedMessageView> Items);

public static class GetRejectedMessagesEndpoint
{
    /// <summary>The code of a replayed message that failed for another reason than a rejection.</summary>
    private const string NoCode = "internal_error";

    [WolverineGet("/ops/incoming/dead-letters", OperationId = "listRejectedMessages")]
    [Tags("Operations")]
    [EndpointSummary("List messages of services that could not be decided, grouped by code")]
    [EndpointDescription("Lists the messages of services that could not be decided, grouped by the code of the problem.")]
    [Authorize(Policies.Watch)]
    [ProducesResponseType<RejectedMessagesView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(NpgsqlDataSource source, IWolverineRuntime runtime, CancellationToken ct)
    {
        var groups = await GroupsAsync(source, ct);
        return TypedResults.Json(
            new RejectedMessagesView(groups, await ItemsAsync(source, runtime.Options.DefaultSerializer, ct)), ApiJson.Options);
    }

    private static Task<IReadOnlyList<RejectedGroup>> GroupsAsync(NpgsqlDataSource source, CancellationToken ct) => source.ListAsync(
        $"select case when position(': ' in exception_message) > 0 then split_part(exception_message, ': ', 1) else '{NoCode}' end, "
            + "count(*), min(sent_at) from wolverine.wolverine_dead_letters where message_type = $1 group by 1 order by 1",
        [IncomingMessage.StoredName],
        row => new RejectedGroup(row.GetString(0), row.GetInt64(1), row.GetFieldValue<DateTimeOffset>(2)),
        ct);

    private static Task<IReadOnlyList<RejectedMessageView>> ItemsAsync(
        NpgsqlDataSource source, IMessageSerializer serializer, CancellationToken ct) => source.ListAsync(
        "select id, exception_message, body from wolverine.wolverine_dead_letters "
            + "where message_type = $1 order by sent_at desc, id desc limit 100",
        [IncomingMessage.StoredName],
        row => View(
            row.GetGuid(0),
            row.GetString(1),
            (IncomingMessage)serializer.ReadFromData(
                typeof(IncomingMessage), EnvelopeSerializer.Deserialize(row.GetFieldValue<byte[]>(2)))),
        ct);

    private static RejectedMessageView View(Guid id, string reason, IncomingMessage message)
    {
        var (code, detail) = reason.IndexOf(": ", StringComparison.Ordinal) is > 0 and var end
            ? (reason[..end], reason[(end + 2)..])
            : (NoCode, reason);
        return new(id, message.Queue, message.Service, message.Type, code, detail, message.ReceivedAt, message.CorrelationId);
    }
}
