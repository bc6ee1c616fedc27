using System.Globalization;

namespace Banking.Migration;

/// <summary>
/// A file of another bank is malformed. The exception occurs while reading, before anything is stored, because an incomplete import would
/// be worse than none. The message names the file, line and field.
/// </summary>
public sealed class MalformedFileException : Exception
{
    internal MalformedFileException(string file, int? line, string? field, string problem)
        : base(CreateMessage(file, line, field, problem))
    {
        File = file;
        Line = line;
        Field = field;
    }

    /// <summary>The name of the file, without folders. The folder if the folder is missing.</summary>
    public string File { get; }

    /// <summary>The line, where the header is line 1. Null if the file is missing.</summary>
    public int? Line { get; }

    /// <summary>The name of the column. Null if the file is missing.</summary>
    public string? Field { get; }

    private static string CreateMessage(string file, int? line, string? field, string problem)
    {
        var where = line is { } number ? string.Create(CultureInfo.InvariantCulture, $"{file}, line {number}") : file;
        return field is null ? $"{where}: {problem}" : $"{where}, field {field}: {problem}";
    }
}
