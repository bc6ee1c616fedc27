using System.Globalization;
using System.Text;

namespace Banking.SharedKernel;

/// <summary>Checks one line of human text, such as a name, reference or reason: it must be storable, printable and comparable.</summary>
public static class PlainText
{
    /// <summary>
    /// Finds the problem of a text, as a sentence for its author. Null means no problem; an absent text (null) has none, because the caller
    /// decides whether a text is required. Never throws.
    /// <para>Refused: text longer than <paramref name="maxLength"/>, blank text, control characters and line breaks, invisible characters
    /// that change how others read (direction, zero width, fillers), a variation selector without a character before it, and invalid
    /// Unicode.</para>
    /// </summary>
    /// <param name="text">The text as received.</param>
    /// <param name="maxLength">The maximum length in UTF-16 units, as JSON and .NET count them.</param>
    public static string? Problem(string? text, int maxLength)
    {
        if (text is null)
        {
            return null;
        }

        // Check the length first, so that a megabyte of text is not examined.
        if (text.Length > maxLength)
        {
            return Sentence($"The text is {text.Length} characters long; at most {maxLength} are allowed.");
        }

        var (visible, afterVisible) = (false, false);
        string? invisible = null;
        for (var i = 0; i < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
            {
                return "The text has half of a surrogate pair, which is not a character.";
            }

            if (FindProblem(rune) is { } problem && !IsJoiner(text, i))
            {
                return problem;
            }

            if (IsSelector(rune) && !afterVisible)
            {
                invisible ??= DescribeInvisible(rune);
            }

            afterVisible = IsVisible(rune);
            visible |= afterVisible;
            i += rune.Utf16SequenceLength;
        }

        return visible ? invisible : "The text is blank.";
    }

    /// <summary>
    /// Makes text from another system safe to store and display: line breaks and tabs become spaces, and characters that
    /// <see cref="Problem"/> refuses are escaped, as in <c>\u202E</c>. Never throws.
    /// </summary>
    public static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length);
        var afterVisible = false;
        for (var i = 0; i < text.Length;)
        {
            var isRune = Rune.TryGetRuneAt(text, i, out var rune);
            var length = isRune ? rune.Utf16SequenceLength : 1;
            if (text[i] is '\t' or '\r' or '\n')
            {
                escaped.Append(' ');
                afterVisible = false;
            }
            else if (isRune && (FindProblem(rune) is null || IsJoiner(text, i)) && (afterVisible || !IsSelector(rune)))
            {
                escaped.Append(text, i, length);
                afterVisible = IsVisible(rune);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(isRune ? rune.Value : text[i]):X4}");
                afterVisible = true;
            }

            i += length;
        }

        return escaped.ToString().Trim();
    }

    /// <summary>
    /// A joiner between two characters that are not ASCII is allowed, because Persian and Indic words and emoji need it.
    /// </summary>
    private static bool IsJoiner(string text, int index) =>
        text[index] is '\u200c' or '\u200d'
        && index > 0
        && index < text.Length - 1
        && IsJoined(text[index - 1])
        && IsJoined(text[index + 1]);

    private static bool IsJoined(char c) =>
        char.IsSurrogate(c)
        || (!char.IsAscii(c) && !char.IsWhiteSpace(c) && !char.IsControl(c) && char.GetUnicodeCategory(c) != UnicodeCategory.Format);

    private static bool IsFormat(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format;

    /// <summary>A variation selector changes the look of the character before it, as in many emoji and some names.</summary>
    private static bool IsSelector(Rune rune) => rune.Value is (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF);

    // U+2800 is the Braille pattern without a dot.
    private static bool IsVisible(Rune rune) => !Rune.IsWhiteSpace(rune) && !IsFormat(rune) && !IsSelector(rune) && rune.Value != 0x2800;

    /// <summary>
    /// Invisible letters and marks: joiners and fillers of scripts that are written without them today.
    /// </summary>
    private static bool IsFiller(Rune rune) =>
        rune.Value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180D) or 0x180F or 0x3164 or 0xFFA0;

    private static string? FindProblem(Rune rune) =>
        rune.Value switch
        {
            0 => "The text has a NUL character, which cannot be stored.",
            '\r' or '\n' or 0x85 or 0x2028 or 0x2029 => "The text has a line break; one line is allowed.",
            _ when IsFormat(rune) || IsFiller(rune) => DescribeInvisible(rune),
            _ when Rune.IsControl(rune) => Sentence($"The text has the control character U+{rune.Value:X4}."),
            >= 0xFDD0 and <= 0xFDEF => DescribeNoncharacter(rune),
            _ when (rune.Value & 0xFFFE) == 0xFFFE => DescribeNoncharacter(rune),
            _ => null,
        };

    private static string DescribeInvisible(Rune rune) =>
        Sentence($"The text has U+{rune.Value:X4}, which is invisible and changes how the rest reads.");

    private static string DescribeNoncharacter(Rune rune) => Sentence($"The text has U+{rune.Value:X4}, which is not a Unicode character.");

    private static string Sentence(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
