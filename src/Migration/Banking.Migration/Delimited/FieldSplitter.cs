namespace Banking.Migration.Delimited;

/// <summary>
/// Cuts one line at its semicolons. Written by hand because a library's reflection and warm-up cost more than reading the whole bank does,
/// and because refusals must name the line as an editor counts it. A field in quotes may hold semicolons and doubled quotes, but no line
/// break: a quote that stays open would otherwise swallow the rest of the file before anybody noticed.
/// </summary>
internal sealed class FieldSplitter
{
    private (int Start, int Length)[] _fields = new (int, int)[16];

    /// <summary>How many fields the last line had.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Null when the line is well formed; otherwise what is wrong with the field that <see cref="Count"/> is the position of.
    /// </summary>
    public string? Split(ReadOnlySpan<char> line)
    {
        Count = 0;
        for (var start = 0; ; start++)
        {
            var rest = line[start..];
            if (rest is ['"', ..])
            {
                var length = QuotedLength(rest);
                if (length < 0)
                {
                    return "the quote is never closed.";
                }

                if (start + length < line.Length && line[start + length] != ';')
                {
                    return "there is text behind the closing quote.";
                }

                Add(start + 1, length - 2);
                start += length;
            }
            else
            {
                var length = rest.IndexOf(';');
                Add(start, length < 0 ? rest.Length : length);
                start += length < 0 ? rest.Length : length;
            }

            if (start == line.Length)
            {
                return null;
            }
        }
    }

    /// <summary>The field without its quotes, doubled ones still doubled.</summary>
    public ReadOnlySpan<char> Field(ReadOnlySpan<char> line, int position) => line.Slice(_fields[position].Start, _fields[position].Length);

    private void Add(int start, int length)
    {
        if (Count == _fields.Length)
        {
            Array.Resize(ref _fields, Count * 2);
        }

        _fields[Count++] = (start, length);
    }

    // With both quotes; -1 when there is no closing one.
    private static int QuotedLength(ReadOnlySpan<char> text)
    {
        for (var length = 1; ; length += 2)
        {
            var next = text[length..].IndexOf('"');
            if (next < 0)
            {
                return -1;
            }

            length += next;
            if (length + 1 == text.Length || text[length + 1] != '"')
            {
                return length + 1;
            }
        }
    }
}
