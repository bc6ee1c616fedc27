namespace Banking.Migration.Delimited;

/// <summary>A column of a file, found by its name, because files may have their columns in any order.</summary>
internal readonly record struct Column(string Name, int Position);
