namespace Banking.SharedKernel;

/// <summary>The source of an imported row, so that every migrated fact can be traced to it.</summary>
/// <param name="System">The name of the exporting system.</param>
/// <param name="File">The name of the exported file, without folders.</param>
/// <param name="Line">The line in that file, counted from 1; a header is line 1.</param>
/// <param name="Id">The row's id in that system.</param>
public sealed record SourceRow(string System, string File, int Line, string Id);
