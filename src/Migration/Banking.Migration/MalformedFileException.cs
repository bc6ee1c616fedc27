using System.Globalization;

namespace Banking.Migration;

/// <summary>
/// A file of another bank cannot be taken over. Thrown while reading, so nothing of the folder has been written: half a bank would be
/// worse than none. The message is for the person who ran the import and says where to look.
/// </summary>
public sealed class MalformedFileException : Exception
{
    internal MalformedFileException(string file, int? line, string? field, string problem)
        : base(MessageFor(file, line, field, problem))
    {
        File = file;
        Line = line;
        Field = field;
    }

    /// <summary>Name of the file, without folders; the folder itself when that is missing.</summary>
    public string File { get; }

    /// <summary>Line counted from 1, the header being line 1; null when the file is missing.</summary>
    public int? Line { get; }

    /// <summary>Name of the column; null when the file is missing.</summary>
    public string? Field { get; }

    private static string MessageFor(string file, int? line, string? field, string problem)
    {
        var where = line is { } number ? string.Create(CultureInfo.InvariantCulture, $"{file}, line {number}") : file;
        return field is null ? $"{where}: {problem}" : $"{where}, field {field}: {problem}";
    }
}
