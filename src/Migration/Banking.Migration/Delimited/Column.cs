namespace Banking.Migration.Delimited;

/// <summary>A column of a file, found by its name: the order of columns is the exporting program's business.</summary>
internal readonly record struct Column(string Name, int Position);
