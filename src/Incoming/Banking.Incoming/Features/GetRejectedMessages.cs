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

/// <summary>A rejected message whose stored form cannot be read. It cannot be replayed either.</summary>
/// <param name="Id">Its id in wolverine.wolverine_dead_letters.</param>
/// <param name="Code">Why it was rejected.</param>
/// <param name="Problem">Why it cannot be read.</param>
public sealed record UnreadableMessageView(Guid Id, string Code, string Detail, string Problem);

/// <summary>Rejected messages with the same code.</summary>
/// <param name="Oldest">When the oldest was received; absent if no message of the group has a time.</param>
public sealed record RejectedGroup(string Code, long Messages, DateTimeOffset? Oldest);

/// <summary>Messages that could not be decided.</summary>
/// <param name="Items">The newest hundred, without those in <paramref name="Unreadable"/>.</param>
/// <param name="Unreadable">Those of the newest hundred whose stored form cannot be read.</param>
public sealed record RejectedMessagesView(
    IReadOnlyList<RejectedGroup> Groups, IReadOnlyList<RejectedMessageView> Items, IReadOnlyList<UnreadableMessageView> Unreadable);

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
        var newest = await NewestAsync(source, runtime.Options.DefaultSerializer, ct);
        return TypedResults.Json(
            new RejectedMessagesView(
                groups,
                [.. newest.Where(m => m.Message is not null).Select(m => View(m, m.Message!))],
                [.. newest.Where(m => m.Problem is not null).Select(m => new UnreadableMessageView(m.Id, m.Code, m.Detail, m.Problem!))]),
            ApiJson.Options);
    }

    private static Task<IReadOnlyList<RejectedGroup>> GroupsAsync(NpgsqlDataSource source, CancellationToken ct) => source.ListAsync(
        $"select case when position(': ' in exception_message) > 0 then split_part(exception_message, ': ', 1) else '{NoCode}' end, "
            + "count(*), min(sent_at) from wolverine.wolverine_dead_letters where message_type = $1 group by 1 order by 1",
        [IncomingMessage.StoredName],
        row => new RejectedGroup(row.GetString(0), row.GetInt64(1), row.GetOrDefault<DateTimeOffset?>(2)),
        ct);

    private static Task<IReadOnlyList<DeadLetter>> NewestAsync(
        NpgsqlDataSource source, IMessageSerializer serializer, CancellationToken ct) => source.ListAsync(
        "select id, coalesce(exception_message, ''), body from wolverine.wolverine_dead_letters "
            + "where message_type = $1 order by sent_at desc nulls last, id desc limit 100",
        [IncomingMessage.StoredName],
        row => Read(row.GetGuid(0), row.GetString(1), row.GetFieldValue<byte[]>(2), serializer),
        ct);

    private static DeadLetter Read(Guid id, string reason, byte[] body, IMessageSerializer serializer)
    {
        var (code, detail) = reason.IndexOf(": ", StringComparison.Ordinal) is > 0 and var end
            ? (reason[..end], reason[(end + 2)..])
            : (NoCode, reason);
        try
        {
            var message = (IncomingMessage)serializer.ReadFromData(typeof(IncomingMessage), EnvelopeSerializer.Deserialize(body));
            // The serializer leaves out what the stored form lacks.
            return message is { Queue: not null, CorrelationId: not null }
                ? new(id, code, detail, message, null)
                : new(id, code, detail, null, "It lacks its queue or its correlation id.");
        }
        catch (Exception unreadable)
        {
            // Bytes that are no envelope end in many kinds of exceptions. One such message must not hide the others.
            return new(id, code, detail, null, unreadable.Message);
        }
    }

    private static RejectedMessageView View(DeadLetter letter, IncomingMessage message) => new(
        letter.Id, message.Queue, message.Service, message.Type, letter.Code, letter.Detail, message.ReceivedAt, message.CorrelationId);

    /// <param name="Message">Null if its stored form cannot be read.</param>
    /// <param name="Problem">Why it cannot be read; otherwise null.</param>
    private sealed record DeadLetter(Guid Id, string Code, string Detail, IncomingMessage? Message, string? Problem);
}
