using System.Globalization;
using System.Text;

namespace Banking.Migration.Delimited;

/// <summary>
/// Reads one exported table forward: a header, then one row per line. Every error names the file, the line and the field.
/// </summary>
internal sealed class DelimitedFile
{
    /// <summary>Replaces nothing: a replaced character would become a fact of the bank.</summary>
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _name;
    private readonly byte[] _bytes;
    private readonly Encoding _encoding;
    private readonly FieldSplitter _splitter = new();
    private readonly string[] _header;
    private char[] _line = new char[256];
    private int _length;
    private int _next;

    private bool _hasRows;

    private DelimitedFile(string name, byte[] bytes)
    {
        // The source exports Latin-1. A byte order mark means that an editor has saved the file as UTF-8.
        (_name, _bytes) = (name, bytes);
        (_encoding, _next) = bytes is [0xEF, 0xBB, 0xBF, ..] ? (StrictUtf8, 3) : (Encoding.Latin1, 0);
        Advance();
        if (_splitter.Split(Current) is { } problem)
        {
            // The name of this column is unreadable, so the error gives its position.
            throw new MalformedFileException(
                _name, Line, string.Create(CultureInfo.InvariantCulture, $"column {_splitter.Count + 1}"), problem);
        }

        _header = new string[_splitter.Count];
        for (var i = 0; i < _header.Length; i++)
        {
            _header[i] = _splitter.Field(Current, i).ToString();
        }
    }

    /// <summary>The line of the current row, as an editor counts it. The header is line 1.</summary>
    public int Line { get; private set; }

    /// <summary>An upper bound of the number of remaining rows.</summary>
    public int MaxRemainingRows => _bytes.AsSpan(_next).Count((byte)'\n') + 1;

    private ReadOnlySpan<char> Current => _line.AsSpan(0, _length);

    public static DelimitedFile Open(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            throw new MalformedFileException(name, line: null, field: null, $"{folder} has no such file.");
        }

        try
        {
            return new(name, File.ReadAllBytes(path));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new MalformedFileException(name, line: null, field: null, $"the file cannot be read: {failure.Message}");
        }
    }

    public Column Column(string name)
    {
        var position = Array.IndexOf(_header, name);
        return position < 0 ? throw new MalformedFileException(_name, 1, name, "the header has no such column.")
            : Array.LastIndexOf(_header, name) != position
                ? throw new MalformedFileException(_name, 1, name, "the header has the column twice.")
            : new(name, position);
    }

    /// <summary>Moves to the next row. Empty lines are skipped.</summary>
    public bool MoveNext()
    {
        do
        {
            if (_next >= _bytes.Length)
            {
                return false;
            }

            Advance();
        }
        while (_length == 0);

        _hasRows = true;

        if (_splitter.Split(Current) is { } problem)
        {
            throw CreateError(_header[Math.Min(_splitter.Count, _header.Length - 1)], problem);
        }

        // A row with another number of fields has lost or gained a separator, so later fields would be read as other columns.
        return _splitter.Count == _header.Length ? true
            : _splitter.Count < _header.Length ? throw CreateError(_header[_splitter.Count], "the row ends before this field.")
            : throw CreateError(_header[^1], $"the row has {_splitter.Count} fields, the header {_header.Length}.");
    }

    /// <summary>Call after the last row. Refuses a file without rows.</summary>
    public void ThrowIfEmpty()
    {
        if (!_hasRows)
        {
            throw new MalformedFileException(
                _name, line: null, field: null, "the file has a header but no rows, so the export is incomplete.");
        }
    }

    /// <summary>The field's raw text.</summary>
    public ReadOnlySpan<char> this[Column column] => _splitter.Field(Current, column.Position);

    /// <summary>Creates the error for one field of the current row.</summary>
    public MalformedFileException CreateError(Column column, string problem) => CreateError(column.Name, problem);

    private MalformedFileException CreateError(string field, string problem) => new(_name, Line, field, problem);

    // Decodes one line at a time into the same array. The text of the whole file would be another large object to collect.
    private void Advance()
    {
        var rest = _bytes.AsSpan(_next);
        var end = rest.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..end];
        _next += end < 0 ? line.Length : end + 1;
        line = line is [.., (byte)'\r'] ? line[..^1] : line;
        if (_line.Length < line.Length)
        {
            // Neither encoding produces more characters than bytes.
            _line = new char[line.Length];
        }

        Line++;
        try
        {
            _length = _encoding.GetChars(line, _line);
        }
        catch (DecoderFallbackException)
        {
            throw new MalformedFileException(
                _name, Line, field: null, "the file begins as UTF-8, and this line is not valid UTF-8. Save it in one encoding.");
        }
    }
}
