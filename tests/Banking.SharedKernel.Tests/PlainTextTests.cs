using System.Text;
using CsCheck;

namespace Banking.SharedKernel.Tests;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("x")]
    [InlineData("Rent for November")]
    [InlineData("  kept as written  ")]
    [InlineData("Łukasz Ćwik-Ørsted")]
    [InlineData("مرحبا (1)")]
    [InlineData("می\u200cخواهم")]
    [InlineData("क्\u200dष")]
    [InlineData("日本語テキスト")]
    [InlineData("emoji 👩‍👩‍👧 ok")]
    [InlineData("\u2764\ufe0f and \u2764\ufe0f\u200d\U0001F525, 1\ufe0f\u20e3")]
    [InlineData("\u845b\U000E0100\u57ce")]
    [InlineData("a\u2800b")]
    [InlineData("non\u00a0breaking")]
    [InlineData("'; drop table mt_events; --")]
    public void Ordinary_text_has_no_problem(string? text) => Assert.Null(PlainText.Problem(text, 100));

    [Theory]
    [InlineData("", "blank")]
    [InlineData("   ", "blank")]
    [InlineData("\u00a0\u3000", "blank")]
    [InlineData("\u2800 \u2800", "blank")]
    [InlineData("\ufe0f", "blank")]
    [InlineData("\ufe00\U000E01EF", "blank")]
    [InlineData("\u2800\ufe0f", "blank")]
    [InlineData("\ufe0fa", "U+FE0F")]
    [InlineData("a \ufe0f", "U+FE0F")]
    [InlineData("a\ufe0f\ufe0f", "U+FE0F")]
    [InlineData(" \U000E0100a", "U+E0100")]
    [InlineData("a\u034fb", "U+034F")]
    [InlineData("a\u115fb", "U+115F")]
    [InlineData("a\u1160b", "U+1160")]
    [InlineData("a\u17b4b", "U+17B4")]
    [InlineData("a\u17b5b", "U+17B5")]
    [InlineData("a\u180bb", "U+180B")]
    [InlineData("a\u180cb", "U+180C")]
    [InlineData("a\u180db", "U+180D")]
    [InlineData("a\u180fb", "U+180F")]
    [InlineData("\u3164", "U+3164")]
    [InlineData("a\uffa0b", "U+FFA0")]
    [InlineData("\u200b\u2060\ufeff", "U+200B")]
    [InlineData("a\u200bb", "U+200B")]
    [InlineData("a\u200cb", "U+200C")]
    [InlineData("a\u200db", "U+200D")]
    [InlineData("\u200dé", "U+200D")]
    [InlineData("é\u200d\u202eé", "U+200D")]
    [InlineData("a\u200eb", "U+200E")]
    [InlineData("a\u200fb", "U+200F")]
    [InlineData("a\u061cb", "U+061C")]
    [InlineData("a\u202ab", "U+202A")]
    [InlineData("a\u202eb", "U+202E")]
    [InlineData("a\u2060b", "U+2060")]
    [InlineData("a\u2066b", "U+2066")]
    [InlineData("a\u2069b", "U+2069")]
    [InlineData("a\u00adb", "U+00AD")]
    [InlineData("a\u180eb", "U+180E")]
    [InlineData("\ufeffa", "U+FEFF")]
    [InlineData("a\U000E0041b", "U+E0041")]
    [InlineData("a\0b", "NUL")]
    [InlineData("a\nb", "line break")]
    [InlineData("a\r\n", "line break")]
    [InlineData("a\u0085b", "line break")]
    [InlineData("a\u2028b", "line break")]
    [InlineData("a\u2029b", "line break")]
    [InlineData("a\tb", "U+0009")]
    [InlineData("a\u001b[31m", "U+001B")]
    [InlineData("a\u007f", "U+007F")]
    [InlineData("a\u009b", "U+009B")]
    [InlineData("a\ufdd0", "U+FDD0")]
    [InlineData("a\ufffe", "U+FFFE")]
    [InlineData("a\uffff", "U+FFFF")]
    [InlineData("a\U0001FFFE", "U+1FFFE")]
    public void Text_that_cannot_be_printed_on_one_line_is_refused_with_the_character(string text, string named)
    {
        var problem = PlainText.Problem(text, 100);
        Assert.NotNull(problem);
        Assert.Contains(named, problem, StringComparison.Ordinal);
        Assert.EndsWith(".", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain é 👍", "plain é 👍")]
    [InlineData(" two\r\nlines\t", "two  lines")]
    [InlineData("a\0b", "a\\u0000b")]
    [InlineData("invoice\u202efdp.exe", "invoice\\u202Efdp.exe")]
    [InlineData("a\u200bb\ufeff", "a\\u200Bb\\uFEFF")]
    [InlineData("a\u001b[31m", "a\\u001B[31m")]
    [InlineData("a\u2028b", "a\\u2028b")]
    [InlineData("a\u3164b", "a\\u3164b")]
    [InlineData("\ufe0fa\ufe0f\ufe0f\n\ufe0f", "\\uFE0Fa\ufe0f\\uFE0F \\uFE0F")]
    [InlineData("a\U000E0041b", "a\\uE0041b")]
    public void Invisible_characters_of_external_text_are_escaped(string text, string escaped)
    {
        Assert.Equal(escaped, PlainText.Escaped(text));
        Assert.Null(PlainText.Problem(PlainText.Escaped(text), 100));
    }

    // Built in code, because the test runner cannot pass half a surrogate pair as an argument.
    [Fact]
    public void Half_a_surrogate_pair_is_refused()
    {
        string[] halves = ["\ud83d", "a\ud83d", "\ude00a", "\ude00\ud83d", "a\ud83d\ud83d\ude00"];
        Assert.All(halves, text => Assert.Contains("surrogate", PlainText.Problem(text, 100), StringComparison.Ordinal));
    }

    [Fact]
    public void Length_counts_UTF_16_units_and_the_limit_itself_is_allowed()
    {
        Assert.Null(PlainText.Problem("abcd", 4));
        Assert.Null(PlainText.Problem("👍👍", 4));
        Assert.Equal("The text is 5 characters long; at most 4 are allowed.", PlainText.Problem("abcde", 4));
        Assert.Equal("The text is 6 characters long; at most 5 are allowed.", PlainText.Problem("👍👍👍", 5));
    }

    [Fact]
    public void Any_UTF_16_gets_a_result_and_accepted_text_survives_UTF_8() =>
        Gen.OneOf<char[]>(
            Gen.Char.Array[0, 12],
            Gen.Char['\ud7f0', '\ue010'].Array[0, 12],
            Gen.Char['\0', '\u00ff'].Array[0, 12]).Select(c => new string(c)).Sample(text =>
        {
            if (PlainText.Problem(text, 10) is null)
            {
                Assert.InRange(text.Length, 1, 10);
                Assert.DoesNotContain(text, char.IsControl);
                Assert.False(string.IsNullOrWhiteSpace(text));
                Assert.Equal(text.Trim(), PlainText.Escaped(text));
                Assert.Equal(text, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));
            }
        });
}
