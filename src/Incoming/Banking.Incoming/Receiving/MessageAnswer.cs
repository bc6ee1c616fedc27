using System.Text.Json.Nodes;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Json;

namespace Banking.Incoming.Receiving;

/// <summary>What became of a message, for a sender that wants to know (reply-to). Its JSON is a public contract.</summary>
internal sealed record MessageAnswer(JsonObject Json)
{
    /// <summary>The type of the answer's message.</summary>
    public const string Type = "banking.command-outcome.v1";

    /// <summary>accepted, refused (by a business rule), replayed (a repeat, with the first answer) or rejected.</summary>
    public string Outcome => (string)Json["outcome"]!;

    public byte[] Body => System.Text.Encoding.UTF8.GetBytes(Json.ToJsonString(ApiJson.Options));

    /// <summary>The recorded answer to a command, in the words of the HTTP API.</summary>
    public static MessageAnswer Of(CommandReply reply) => new(new JsonObject
    {
        ["outcome"] = reply.Replayed ? "replayed" : reply.Applied ? "accepted" : "refused",
        ["status"] = reply.Status,
        ["answer"] = JsonNode.Parse(reply.Body),
    });

    /// <summary>Why a message is a dead letter.</summary>
    public static MessageAnswer Of(CommandRejectedException rejected) => new(new JsonObject
    {
        ["outcome"] = "rejected",
        ["code"] = rejected.Code,
        ["detail"] = rejected.Detail,
    });
}
