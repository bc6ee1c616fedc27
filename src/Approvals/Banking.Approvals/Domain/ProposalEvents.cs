using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;

namespace Banking.Approvals.Domain;

/// <summary>A command was proposed instead of carried out.</summary>
/// <param name="Name">The permanent name of the command, with a version.</param>
/// <param name="Command">The command as JSON. A text, because the hash is that of this text.</param>
/// <param name="CommandHash">SHA-256 of the text.</param>
/// <param name="ReasonCode">The reason code of the command.</param>
/// <param name="ReasonText">The reason of the command in words.</param>
/// <param name="Basis">Why an approval is required and what it relies on, as JSON (<see cref="CommandBasis"/>).</param>
/// <param name="ProposedBy">The actor who proposed it.</param>
/// <param name="ExpiresAt">From then on it cannot be approved.</param>
/// <param name="EffectiveAt">When it was proposed.</param>
public sealed record CommandProposed(
    string Name, string Command, string CommandHash, string? ReasonCode, string? ReasonText, string Basis, string ProposedBy,
    DateTimeOffset ExpiresAt, DateTimeOffset EffectiveAt) : IJsonOnDeserialized
{
    /// <summary>Without the content, because it can be personal.</summary>
    public override string ToString() => $"{nameof(CommandProposed)} {CommandHash}";

    void IJsonOnDeserialized.OnDeserialized()
    {
        StoredText.Read("command", () => CommandData.Parse(Command) is { Fields.ValueKind: JsonValueKind.Object } command
            ? command
            : throw new JsonException("The fields are no object."));
        StoredText.Read("basis", () => CommandBasis.Parse(Basis));
    }
}

/// <summary>A second person approved the proposal, and its command was carried out in the same transaction.</summary>
/// <param name="ApprovedBy">The actor who approved it.</param>
/// <param name="Result">The path of what the command made; null if that has no address.</param>
/// <param name="EffectiveAt">When it was approved.</param>
public sealed record ProposalExecuted(string ApprovedBy, string? Result, DateTimeOffset EffectiveAt);

/// <summary>A second person approved the proposal, but a business rule refused its command.</summary>
/// <param name="ApprovedBy">The actor who approved it.</param>
/// <param name="Code">The code of the rule.</param>
/// <param name="Detail">The refusal in words.</param>
/// <param name="Facts">What the decision saw, as JSON.</param>
/// <param name="EffectiveAt">When it was refused.</param>
public sealed record ProposedCommandRefused(string ApprovedBy, string Code, string Detail, string Facts, DateTimeOffset EffectiveAt)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredText.Read("facts", () => JsonNode.Parse(Facts) as JsonObject);
}

/// <summary>A second person rejected the proposal.</summary>
/// <param name="RejectedBy">The actor who rejected it.</param>
/// <param name="EffectiveAt">When it was rejected.</param>
public sealed record ProposalRejected(string RejectedBy, DateTimeOffset EffectiveAt);

/// <summary>The proposer withdrew the proposal.</summary>
/// <param name="EffectiveAt">When it was withdrawn.</param>
public sealed record ProposalWithdrawn(DateTimeOffset EffectiveAt);

/// <summary>The proposal was not approved in time.</summary>
/// <param name="EffectiveAt">When it expired.</param>
public sealed record ProposalExpired(DateTimeOffset EffectiveAt);

/// <summary>An approval came, but what the proposal relied on had changed.</summary>
/// <param name="ApprovedBy">The actor who wanted to approve it.</param>
/// <param name="Changed">The names of the facts and limits, separated by spaces.</param>
/// <param name="EffectiveAt">When that was found.</param>
public sealed record ProposalVoided(string ApprovedBy, string Changed, DateTimeOffset EffectiveAt);
