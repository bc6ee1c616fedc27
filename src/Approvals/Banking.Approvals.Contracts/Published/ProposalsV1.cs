using System.ComponentModel.DataAnnotations;

namespace Banking.Approvals.Contracts.Published;

/// <summary>A command was proposed. It is carried out if a second person approves it before it expires.</summary>
/// <param name="Command">The kind of command with its version, such as <c>accounts.correct-transaction.v1</c>.</param>
/// <param name="CommandHash">SHA-256 of the command; an approval names it.</param>
/// <param name="Reasons">Codes of the rules that require an approval, separated by spaces; empty if none does.</param>
/// <param name="ExpiresAt">An approval counts until then.</param>
public sealed record CommandProposedV1(
    string Command, [RegularExpression("^[0-9a-f]{64}$")] string CommandHash, string Reasons, DateTimeOffset ExpiresAt);

/// <summary>A proposal was approved and its command carried out, in one transaction.</summary>
/// <param name="EffectiveAt">When it was approved.</param>
/// <param name="Result">Where the API shows what the command made; absent if it is shown nowhere.</param>
public sealed record ProposalExecutedV1(DateTimeOffset EffectiveAt, string? Result = null);

/// <summary>A proposal was approved, but a business rule refused its command.</summary>
/// <param name="Code">The code of the rule.</param>
/// <param name="EffectiveAt">When it was refused.</param>
public sealed record ProposalRefusedV1(string Code, DateTimeOffset EffectiveAt);

/// <summary>A second person rejected a proposal.</summary>
/// <param name="EffectiveAt">When it was rejected.</param>
public sealed record ProposalRejectedV1(DateTimeOffset EffectiveAt);

/// <summary>The proposer withdrew a proposal.</summary>
/// <param name="EffectiveAt">When it was withdrawn.</param>
public sealed record ProposalWithdrawnV1(DateTimeOffset EffectiveAt);

/// <summary>A proposal was not approved in time.</summary>
/// <param name="EffectiveAt">When it expired.</param>
public sealed record ProposalExpiredV1(DateTimeOffset EffectiveAt);

/// <summary>An approval came, but what the proposal relied on had changed. The command was not carried out.</summary>
/// <param name="EffectiveAt">When that was found.</param>
public sealed record ProposalVoidedV1(DateTimeOffset EffectiveAt);
