using System.Globalization;
using System.Text;

namespace Banking.SharedKernel;

/// <summary>One line of human text that can be stored, printed and compared: names, references, reasons.</summary>
public static class PlainText
{
    /// <summary>
    /// Null when the text is fine, otherwise a sentence for its author. An absent text (null) is fine: whether one is needed is the
    /// caller's rule. Refused are text beyond <paramref name="maxLength"/>, blank text, control characters and line breaks, and what is
    /// not Unicode text.
    /// Never throws on any text.
    /// </summary>
    /// <param name="text">The text as received.</param>
    /// <param name="maxLength">The longest allowed, in UTF-16 units as JSON and .NET count them.</param>
    public static string? Problem(string? text, int maxLength)
    {
        if (text is null)
        {
            return null;
        }

        // Length first: nothing below is spent on a megabyte.
        if (text.Length > maxLength)
        {
            return Sentence($"The text is {text.Length} characters long; at most {maxLength} are allowed.");
        }

        var visible = false;
        for (var i = 0; i < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
            {
                return "The text holds half of a surrogate pair, which is not a character.";
            }

            if (ProblemOf(rune) is { } problem)
            {
                return problem;
            }

            visible |= !Rune.IsWhiteSpace(rune) && Rune.GetUnicodeCategory(rune) != UnicodeCategory.Format;
            i += rune.Utf16SequenceLength;
        }

        return visible ? null : "The text is blank.";
    }

    private static string? ProblemOf(Rune rune) => rune.Value switch
    {
        0 => "The text holds a NUL character, which cannot be stored.",
        '\r' or '\n' or 0x85 or 0x2028 or 0x2029 => "The text holds a line break; one line is allowed.",
        _ when Rune.IsControl(rune) => Sentence($"The text holds the control character U+{rune.Value:X4}."),
        >= 0xFDD0 and <= 0xFDEF => NotACharacter(rune),
        _ when (rune.Value & 0xFFFE) == 0xFFFE => NotACharacter(rune),
        _ => null,
    };

    private static string NotACharacter(Rune rune) => Sentence($"The text holds U+{rune.Value:X4}, which Unicode assigns to no character.");

    private static string Sentence(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
