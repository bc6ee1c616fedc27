using System.Globalization;
using System.Text;

namespace Banking.Migration.Delimited;

/// <summary>One exported table: a header, then a row a line, read forward. Every refusal names the file, the line and the field.</summary>
internal sealed class DelimitedFile
{
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
        // The bank exported Latin-1. A byte order mark is the work of an editor, which then saved UTF-8.
        (_name, _bytes) = (name, bytes);
        (_encoding, _next) = bytes is [0xEF, 0xBB, 0xBF, ..] ? (Encoding.UTF8, 3) : (Encoding.Latin1, 0);
        Advance();
        if (_splitter.Split(Current) is { } problem)
        {
            // The column whose name cannot be read has only its place to be called by.
            throw new MalformedFileException(
                _name, Line, string.Create(CultureInfo.InvariantCulture, $"column {_splitter.Count + 1}"), problem);
        }

        _header = new string[_splitter.Count];
        for (var i = 0; i < _header.Length; i++)
        {
            _header[i] = _splitter.Field(Current, i).ToString();
        }
    }

    /// <summary>Line of the current row as an editor counts it; the header is line 1.</summary>
    public int Line { get; private set; }

    /// <summary>Room for the rows that are yet to come: never fewer than there are.</summary>
    public int RowsAtMost => _bytes.AsSpan(_next).Count((byte)'\n') + 1;

    private ReadOnlySpan<char> Current => _line.AsSpan(0, _length);

    public static DelimitedFile Open(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path)
            ? new(name, File.ReadAllBytes(path))
            : throw new MalformedFileException(name, line: null, field: null, $"there is no such file in {folder}.");
    }

    public Column Column(string name)
    {
        var position = Array.IndexOf(_header, name);
        return position < 0 ? throw new MalformedFileException(_name, 1, name, "the header has no such column.")
            : Array.LastIndexOf(_header, name) != position
                ? throw new MalformedFileException(_name, 1, name, "the header has the column twice.")
            : new(name, position);
    }

    /// <summary>Goes to the next row; empty lines hold no row.</summary>
    public bool Next()
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
            throw Refused(_header[Math.Min(_splitter.Count, _header.Length - 1)], problem);
        }

        // A row of another width has lost or gained a separator: all fields behind it would be read as something they are not.
        return _splitter.Count == _header.Length ? true
            : _splitter.Count < _header.Length ? throw Refused(_header[_splitter.Count], "the row ends before it.")
            : throw Refused(_header[^1], $"the row has {_splitter.Count} fields, the header {_header.Length}.");
    }

    /// <summary>After the last row: refuses a file that had none.</summary>
    public void RefuseIfEmpty()
    {
        if (!_hasRows)
        {
            throw new MalformedFileException(
                _name, line: null, field: null, "the file has a header and no rows: the export was not complete.");
        }
    }

    /// <summary>The field's raw text.</summary>
    public ReadOnlySpan<char> this[Column column] => _splitter.Field(Current, column.Position);

    /// <summary>The refusal of one field of the current row.</summary>
    public MalformedFileException Refused(Column column, string problem) => Refused(column.Name, problem);

    private MalformedFileException Refused(string field, string problem) => new(_name, Line, field, problem);

    // A line at a time into the same array: the text of the whole file would be one more large object for the collector to clear away.
    private void Advance()
    {
        var rest = _bytes.AsSpan(_next);
        var end = rest.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..end];
        _next += end < 0 ? line.Length : end + 1;
        line = line is [.., (byte)'\r'] ? line[..^1] : line;
        if (_line.Length < line.Length)
        {
            // No encoding here makes more characters than it reads bytes.
            _line = new char[line.Length];
        }

        _length = _encoding.GetChars(line, _line);
        Line++;
    }
}
