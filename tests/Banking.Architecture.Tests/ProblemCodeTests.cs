using System.Text;
using System.Text.RegularExpressions;
using Banking.Web.OpenApi;

namespace Banking.Architecture.Tests;

/// <summary>The catalogue of problems has exactly the codes that the code uses.</summary>
public sealed partial class ProblemCodeTests
{
    private static readonly Dictionary<string, string> NotCalledForth = new()
    {
        ["bad_request"] = "Only a real server meets HTTP that is not well-formed, and closes the connection in most cases.",
        ["grace_not_over"] = "Only the bank sends the command that ends a grace period, and its clock does not go back.",
        ["grace_over"] = "The same command after a later rotation: WebhookGraceTests see its effect, which is none.",
        ["malformed_actor"] = "A sender's name comes from the settings of a queue or from a token, which are checked before.",
    };

    private static readonly string[] Sources =
    [
        .. Directory.GetFiles(Path.Combine(Solution.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            // Left out are the lists of the catalogue itself.
            .Where(f => !f.EndsWith("Problems.cs", StringComparison.Ordinal)
                || f.EndsWith("StatusCodeProblems.cs", StringComparison.Ordinal)),
    ];

    [Fact]
    public void Every_code_that_is_answered_is_in_the_catalogue()
    {
        var known = Solution.Problems.All.Select(p => p.Code).ToHashSet();

        var answered = Sources.SelectMany(f => Refusals().Matches(File.ReadAllText(f)).Select(m => m.Groups["code"].Value));
        Assert.Equal([], answered.Distinct().Except(known));
    }

    [Fact]
    public void Every_code_of_the_catalogue_is_answered_somewhere()
    {
        var words = Sources.SelectMany(f => Literals().Matches(File.ReadAllText(f)).Select(m => m.Groups["code"].Value)).ToHashSet();

        // A transfer answers the codes of the payee's account with a prefix.
        Assert.Equal([], Solution.Problems.All.Select(p => p.Code.Replace("payee_", "", StringComparison.Ordinal)).Except(words));
    }

    /// <summary>A test that calls a code forth names it. The others are here with the reason why none can.</summary>
    [Fact]
    public void Every_code_is_called_forth_by_a_test_or_is_listed_with_the_reason_why_not()
    {
        var called = Directory.GetFiles(Path.Combine(Solution.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(f) != "ProblemCodeTests.cs")
            .SelectMany(f => Literals().Matches(File.ReadAllText(f)).Select(m => m.Groups["code"].Value)).ToHashSet();

        Assert.Equal(NotCalledForth.Keys.Order(), Solution.Problems.All.Select(p => p.Code).Except(called).Order());
    }

    [Fact]
    public void The_catalogue_of_problems_is_up_to_date() => ContractDocsTests.AssertCurrent("problems.md", Catalogue());

    [Fact]
    public void Meanings_and_remedies_are_sentences() => Assert.All(Solution.Problems.All, p =>
    {
        Assert.Matches("^[a-z]+(_[a-z]+)*$", p.Code);
        Assert.True(p.Meaning.EndsWith('.') && p.Remedy.EndsWith('.'), $"{p.Code}: {p.Meaning} {p.Remedy}");
    });

    private static string Catalogue()
    {
        var text = new StringBuilder(
            """
            # Problems

            Written by `ProblemCodeTests` from the code; edit that, and run the test with `BANKING_WRITE_DOCS=1`.

            Every error is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with a `code` that never changes.
            `type` links to the row of the code. Each host serves this list at `/problems`, and [openapi.json](openapi.json) names the
            codes of each operation.

            | Member | Says |
            |---|---|
            | `applied` | false: the command was not applied; null: that is unknown until the command is repeated with its key |
            | `errors` | which members of the body are wrong |
            | the members in the last column below | the facts of the problem |
            | `batchIndex` | the item that ended an atomic batch; in other batches each item has its own problem |

            | Code | Status | Meaning | What to do | Members |
            |---|---|---|---|---|

            """);
        foreach (var problem in Solution.Problems.All.OrderBy(p => p.Code, StringComparer.Ordinal))
        {
            var statuses = string.Join(", ", ProblemCatalogue.Statuses(problem));
            var members = string.Join(", ", problem.Members.Select(m => $"`{m}`"));
            text.Append("| <a id=\"").Append(problem.Code).Append("\"></a>`").Append(problem.Code).Append("` | ")
                .AppendJoin(" | ", statuses, problem.Meaning, problem.Remedy, members).Append(" |\n");
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    /// <summary>
    /// The calls that make a refusal, with its code. A helper may have the name of a kind, and a problem may be made by <c>new</c> without
    /// the name of its type: the text after its code is a sentence.
    /// </summary>
    [GeneratedRegex("""
        (?x) (?: (?: \bOf\(\s* RefusalKind\.\w+,\s* | \b(?: Malformed|Invalid|RuleBroken|Conflict|NotFound|Unavailable ) \(\s* )
          | (?: Problem|Wrong|CommandRejectedException|CommandPostponedException ) \(\s* ) "(?<code>[a-z]+(?:_[a-z]+)+)"
          | \bnew\(\s* "(?<code>[a-z]+(?:_[a-z]+)+)" ,\s* \$?"[A-Z]
        """)]
    private static partial Regex Refusals();

    [GeneratedRegex("\"(?<code>[a-z]+(?:_[a-z]+)*)\"")]
    private static partial Regex Literals();
}
