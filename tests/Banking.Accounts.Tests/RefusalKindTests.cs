using Banking.Commands.Decisions;
using Banking.Commands.Receipts;

namespace Banking.Accounts.Tests;

/// <summary>What each kind of refusal is in the API.</summary>
public sealed class RefusalKindTests
{
    private static readonly Dictionary<RefusalKind, int> Statuses = new()
    {
        [RefusalKind.Malformed] = 400,
        [RefusalKind.Unauthenticated] = 401,
        [RefusalKind.NotAllowed] = 403,
        [RefusalKind.NotFound] = 404,
        [RefusalKind.UnsupportedMethod] = 405,
        [RefusalKind.NotAcceptable] = 406,
        [RefusalKind.Conflict] = 409,
        [RefusalKind.InProgress] = 409,
        [RefusalKind.Gone] = 410,
        [RefusalKind.VersionMismatch] = 412,
        [RefusalKind.TooLarge] = 413,
        [RefusalKind.UnsupportedContent] = 415,
        [RefusalKind.BeyondEnd] = 416,
        [RefusalKind.Invalid] = 422,
        [RefusalKind.RuleBroken] = 422,
        [RefusalKind.TooManyRequests] = 429,
        [RefusalKind.Failed] = 500,
        [RefusalKind.Unavailable] = 503,
        [RefusalKind.Unreadable] = 503,
        [RefusalKind.InDoubt] = 503,
    };

    [Fact]
    public void Every_kind_has_a_status() =>
        Assert.Equal(Statuses, Enum.GetValues<RefusalKind>().ToDictionary(k => k, HttpStatus.Of));

    [Fact]
    public void A_failure_of_the_bank_is_a_kind_with_a_status_from_500() =>
        Assert.Equal(Statuses.Where(s => s.Value >= 500).Select(s => s.Key).Order(), Kinds(r => r.IsFailure));

    [Fact]
    public void A_retry_can_help_unless_the_caller_or_an_operator_must_act_first() => Assert.Equal(
        new[] { RefusalKind.InProgress, RefusalKind.TooManyRequests, RefusalKind.Unavailable, RefusalKind.InDoubt }.Order(),
        Kinds(r => r.CanRetry));

    [Fact]
    public void A_problem_says_whether_the_command_was_applied_unless_nobody_knows()
    {
        Assert.All(
            Enum.GetValues<RefusalKind>(),
            kind => Assert.Equal(
                kind == RefusalKind.InDoubt ? null : "false",
                ProblemDocument.Members(Refusal.Of(kind, "a_code", "A sentence."), "trace")["applied"]?.ToJsonString()));
    }

    [Fact]
    public void A_problem_is_written_with_its_members_in_their_order_and_the_facts_last() => Assert.Equal(
        """{"type":"/problems#a_code","title":"A code","status":409,"detail":"Ü & <b>.","code":"a_code","applied":false"""
            + ""","traceId":"trace","errors":[{"pointer":"#/a","detail":"Ü & <b>."}],"version":7}""",
        ProblemDocument.Of(Refusal.Conflict("a_code", "Ü & <b>.", ("version", 7L)) with { Pointer = "#/a" }, "trace"));

    private static IEnumerable<RefusalKind> Kinds(Func<Refusal, bool> which) =>
        Enum.GetValues<RefusalKind>().Where(k => which(Refusal.Of(k, "a_code", "A sentence."))).Order();
}
