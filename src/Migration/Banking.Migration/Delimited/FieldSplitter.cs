namespace Banking.Migration.Delimited;

/// <summary>
/// Splits one line at its semicolons. No library is used: its reflection and warm-up would take longer than reading all files, and errors
/// must give the line as an editor counts it. A quoted field may contain semicolons and doubled quotes, but no line break. Otherwise a
/// quote without an end would take in the rest of the file.
/// </summary>
internal sealed class FieldSplitter
{
    private (int Start, int Length)[] _fields = new (int, int)[16];

    /// <summary>The number of fields of the last line.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Splits a line. Returns null, or the problem of the field at position <see cref="Count"/>.
    /// </summary>
    public string? Split(ReadOnlySpan<char> line)
    {
        Count = 0;
        for (var start = 0; ; start++)
        {
            var rest = line[start..];
            if (rest is ['"', ..])
            {
                var length = FindQuotedLength(rest);
                if (length < 0)
                {
                    return "the closing quote is missing.";
                }

                if (start + length < line.Length && line[start + length] != ';')
                {
                    return "text follows the closing quote.";
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

    /// <summary>The field without its enclosing quotes. Quotes inside it are still doubled.</summary>
    public ReadOnlySpan<char> Field(ReadOnlySpan<char> line, int position) => line.Slice(_fields[position].Start, _fields[position].Length);

    private void Add(int start, int length)
    {
        if (Count == _fields.Length)
        {
            Array.Resize(ref _fields, Count * 2);
        }

        _fields[Count++] = (start, length);
    }

    // The length includes both quotes. -1 if the closing quote is missing.
    private static int FindQuotedLength(ReadOnlySpan<char> text)
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
