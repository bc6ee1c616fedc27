using Banking.Commands.Decisions;

namespace Banking.Web.Http;

/// <summary>A kind of problem that callers can meet. Its code never changes and is never used for another problem.</summary>
/// <param name="Meaning">What happened, in a sentence.</param>
/// <param name="Remedy">What the caller can do, in a sentence.</param>
/// <param name="Members">The names of its facts, as members of the problem document.</param>
public sealed record ProblemType(string Code, RefusalKind Kind, string Meaning, string Remedy, params IReadOnlyList<string> Members)
{
    /// <summary>Further kinds of refusals with this code, whose status differs.</summary>
    public IReadOnlyList<RefusalKind> FurtherKinds { get; init; } = [];

    public IEnumerable<RefusalKind> Kinds => FurtherKinds.Prepend(Kind);
}

/// <summary>Metadata of an endpoint: codes of problems that it answers.</summary>
public interface IProblemCodes
{
    IReadOnlyList<string> Codes { get; }
}

/// <summary>
/// Declares the problems that an endpoint answers because of its own rules. Problems that follow from its other metadata, such as a
/// missing token or a malformed body, need no declaration.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public class ProblemsAttribute(params string[] codes) : Attribute, IProblemCodes
{
    public IReadOnlyList<string> Codes { get; } = codes;
}
