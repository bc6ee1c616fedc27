using System.Globalization;
using System.Text;

namespace Banking.SharedKernel;

/// <summary>One line of human text that can be stored, printed and compared: names, references, reasons.</summary>
public static class PlainText
{
    /// <summary>
    /// Null when the text is fine, otherwise a sentence for its author. An absent text (null) is fine: whether one is needed is the
    /// caller's rule. Refused are text beyond <paramref name="maxLength"/>, blank text, control characters and line breaks, characters that
    /// are not seen but change how the others are read (direction, zero width, fillers), a variation selector with nothing to vary, and
    /// what is not Unicode text.
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

        var (visible, afterVisible) = (false, false);
        string? stray = null;
        for (var i = 0; i < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
            {
                return "The text holds half of a surrogate pair, which is not a character.";
            }

            if (ProblemOf(rune) is { } problem && !IsJoiner(text, i))
            {
                return problem;
            }

            if (IsSelector(rune) && !afterVisible)
            {
                stray ??= Unseen(rune);
            }

            afterVisible = IsVisible(rune);
            visible |= afterVisible;
            i += rune.Utf16SequenceLength;
        }

        return visible ? stray : "The text is blank.";
    }

    /// <summary>
    /// Text of others as it may be kept and shown: white space is a space, and what <see cref="Problem"/> would refuse is escaped, as in
    /// <c>\u202E</c>. Never throws on any text.
    /// </summary>
    public static string Escaped(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
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
            else if (isRune && (ProblemOf(rune) is null || IsJoiner(text, i)) && (afterVisible || !IsSelector(rune)))
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
    /// Whether the character is a joiner between two that are not ASCII, where Persian and Indic words and emoji need it.
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

    /// <summary>Says how the character before it looks, as in many emoji and some names, and is nothing by itself.</summary>
    private static bool IsSelector(Rune rune) => rune.Value is (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF);

    // U+2800 is the Braille pattern without a dot.
    private static bool IsVisible(Rune rune) => !Rune.IsWhiteSpace(rune) && !IsFormat(rune) && !IsSelector(rune) && rune.Value != 0x2800;

    /// <summary>
    /// Letters and marks by their category, of which nothing is seen: joiners and fillers of scripts that are written without them today.
    /// </summary>
    private static bool IsFiller(Rune rune) =>
        rune.Value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180D) or 0x180F or 0x3164 or 0xFFA0;

    private static string? ProblemOf(Rune rune) =>
        rune.Value switch
        {
            0 => "The text holds a NUL character, which cannot be stored.",
            '\r' or '\n' or 0x85 or 0x2028 or 0x2029 => "The text holds a line break; one line is allowed.",
            _ when IsFormat(rune) || IsFiller(rune) => Unseen(rune),
            _ when Rune.IsControl(rune) => Sentence($"The text holds the control character U+{rune.Value:X4}."),
            >= 0xFDD0 and <= 0xFDEF => NotACharacter(rune),
            _ when (rune.Value & 0xFFFE) == 0xFFFE => NotACharacter(rune),
            _ => null,
        };

    private static string Unseen(Rune rune) =>
        Sentence($"The text holds U+{rune.Value:X4}, which is not seen and changes how the rest is read.");

    private static string NotACharacter(Rune rune) => Sentence($"The text holds U+{rune.Value:X4}, which Unicode assigns to no character.");

    private static string Sentence(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
