using Banking.Web.Http;

namespace Banking.Web.Commands;

/// <summary>
/// The command of the operation can be proposed to a second person instead of carried out, by staff, with <c>?propose=true</c> (ADR 0067).
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CanBeProposedAttribute : Attribute, IQueryParameters, IProblemCodes
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new(CommandRequest.ProposeParameter, "true proposes the command to a second person instead of carrying it out.", typeof(bool)),
    ];

    public IReadOnlyList<string> Codes { get; } = ["malformed_propose"];
}
