using Banking.Commands.Decisions;

namespace Banking.Commands.Receipts;

/// <summary>
/// The statuses of HTTP, the only place that maps to them (ADR 0054). It is in this layer because a receipt stores the status of its
/// answer: every channel repeats it, on every host and for ever.
/// </summary>
public static class HttpStatus
{
    private const int Ok = 200;
    private const int Created = 201;
    private const int Pending = 202;
    internal const int FirstProblem = 400;

    /// <summary>Whether an answer with this status is a problem.</summary>
    public static bool IsProblem(int status) => status >= FirstProblem;

    public static int Of(CommandAnswer answer)
    {
        return answer.IsProposed ? Pending : answer.IsNew ? Created : Ok;
    }

    public static int Of(RefusalKind kind) => kind switch
    {
        RefusalKind.Malformed => 400,
        RefusalKind.Unauthenticated => 401,
        RefusalKind.NotAllowed => 403,
        RefusalKind.NotFound => 404,
        RefusalKind.UnsupportedMethod => 405,
        RefusalKind.NotAcceptable => 406,
        RefusalKind.Conflict or RefusalKind.InProgress => 409,
        RefusalKind.Gone => 410,
        RefusalKind.VersionMismatch => 412,
        RefusalKind.TooLarge => 413,
        RefusalKind.UnsupportedContent => 415,
        RefusalKind.BeyondEnd => 416,
        RefusalKind.Invalid or RefusalKind.RuleBroken => 422,
        RefusalKind.TooManyRequests => 429,
        RefusalKind.Failed => 500,
        RefusalKind.Unavailable or RefusalKind.Unreadable or RefusalKind.InDoubt => 503,
        _ => throw new InvalidOperationException($"The kind of refusal {kind} has no status: add it here."),
    };
}
