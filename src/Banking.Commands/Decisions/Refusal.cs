namespace Banking.Commands.Decisions;

/// <summary>Why a command or a request was not accepted.</summary>
/// <param name="Kind">What the refusal means for the caller; each channel answers by it.</param>
/// <param name="Code">Stable code, for programs.</param>
/// <param name="Detail">Explanation for people.</param>
/// <param name="Facts">The facts that the decision saw, in a form that callers can act on.</param>
/// <param name="Pointer">JSON pointer to the faulty member; null where there is none.</param>
public sealed record Refusal(
    RefusalKind Kind, string Code, string Detail, IReadOnlyDictionary<string, object> Facts, string? Pointer = null)
{
    /// <summary>The members that every refusal has where it is shown (RFC 9457, and ours). A fact needs another name.</summary>
    public static readonly IReadOnlyList<string> OwnMembers =
        ["type", "title", "status", "detail", "code", "applied", "traceId", "errors"];

    /// <summary>Whether the bank failed: the command was not decided, or that is unknown.</summary>
    public bool IsFailure => Kind is RefusalKind.Failed or RefusalKind.Unreadable or RefusalKind.Unavailable or RefusalKind.InDoubt;

    /// <summary>Whether the same command may succeed a moment later.</summary>
    public bool CanRetry => Kind
        is RefusalKind.InProgress or RefusalKind.TooManyRequests or RefusalKind.Unavailable or RefusalKind.InDoubt;

    public static Refusal Of(
        RefusalKind kind, string code, string detail, params ReadOnlySpan<(string Name, object Value)> facts)
    {
        var named = new Dictionary<string, object>();
        foreach (var (name, value) in facts)
        {
            named[name] = OwnMembers.Contains(name)
                ? throw new ArgumentException($"{name} is a member of every refusal, and cannot be a fact of {code}.", nameof(facts))
                : value;
        }

        return new(kind, code, detail, named);
    }

    public static Refusal Malformed(string code, string detail, string? pointer = null) =>
        Of(RefusalKind.Malformed, code, detail) with { Pointer = pointer };

    public static Refusal Invalid(string code, string detail, string? pointer = null) =>
        Of(RefusalKind.Invalid, code, detail) with { Pointer = pointer };

    public static Refusal NotFound(string code, string detail, params ReadOnlySpan<(string Name, object Value)> facts) =>
        Of(RefusalKind.NotFound, code, detail, facts);

    public static Refusal Conflict(string code, string detail, params ReadOnlySpan<(string Name, object Value)> facts) =>
        Of(RefusalKind.Conflict, code, detail, facts);

    public static Refusal RuleBroken(string code, string detail, params ReadOnlySpan<(string Name, object Value)> facts) =>
        Of(RefusalKind.RuleBroken, code, detail, facts);

    public static Refusal Unavailable(string code, string detail) => Of(RefusalKind.Unavailable, code, detail);
}

/// <summary>
/// What a refusal means for the caller (ADR 0054). Decisions name a kind and never a status of HTTP: the API maps kinds to statuses in one
/// place, <see cref="Receipts.HttpStatus"/>.
/// </summary>
public enum RefusalKind
{
    /// <summary>The request cannot be understood: its form is wrong.</summary>
    Malformed,

    /// <summary>The request can be understood, but the bank never accepts such a value, whatever its state.</summary>
    Invalid,

    /// <summary>A business rule forbids it now.</summary>
    RuleBroken,

    /// <summary>The state of the thing does not allow it: it is closed, frozen already, taken.</summary>
    Conflict,

    /// <summary>The thing is not at the version that the caller requires.</summary>
    VersionMismatch,

    /// <summary>The thing does not exist, or the caller may not know that it does.</summary>
    NotFound,

    /// <summary>It was deleted for ever, by a rule.</summary>
    Gone,

    /// <summary>The caller did not show who it is.</summary>
    Unauthenticated,

    /// <summary>The caller may not do this.</summary>
    NotAllowed,

    /// <summary>A request with the same key is still running.</summary>
    InProgress,

    /// <summary>The position is beyond the end of the log.</summary>
    BeyondEnd,

    /// <summary>The address does not support the method.</summary>
    UnsupportedMethod,

    /// <summary>The body has a form that the bank does not read.</summary>
    UnsupportedContent,

    /// <summary>The body is too large.</summary>
    TooLarge,

    /// <summary>The answer cannot be given in a form that the caller accepts.</summary>
    NotAcceptable,

    /// <summary>The caller exceeds its rate limit.</summary>
    TooManyRequests,

    /// <summary>The bank cannot do this for now; nothing was done.</summary>
    Unavailable,

    /// <summary>An event that is needed cannot be read; nothing was done. Operators must act before a retry can succeed.</summary>
    Unreadable,

    /// <summary>The commit got no answer: whether the command was applied is unknown until its key is repeated.</summary>
    InDoubt,

    /// <summary>The bank has a fault; nothing was done.</summary>
    Failed,
}
